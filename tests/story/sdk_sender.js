// SPDX-License-Identifier: EUPL-1.2
// Sends CloudEvents with the official JavaScript SDK, as its users do. Usage: node sdk_sender.js URL
// AUTHORIZATION structured|batch|binary|encoded, with a JSON array of { attributes, json | text | base64 }
// on standard input. Writes a JSON array: of each answer { status, body }, where status is the one in the
// body of an error or 0; or { error }, when nothing could be sent.
//
// encoded: binary mode with the values of ce- headers percent-encoded, which the HTTP binding asks for and
// the SDK leaves to its user; by a binding of one's own, which emitterFor() is made for.
"use strict";
const { CloudEvent, CONSTANTS, HTTP, Mode, emitterFor, httpTransport } = require("cloudevents");

const [url, authorization, mode] = process.argv.slice(2);
const options = { headers: { Authorization: authorization } };
const transport = httpTransport(url);

function made({ attributes, json, text, base64 }) {
	const data = json !== undefined ? JSON.parse(json) : base64 !== undefined ? new Uint8Array(Buffer.from(base64, "base64")) : text;
	return new CloudEvent({ ...attributes, data });
}

function encodedBinary(event) {
	const message = HTTP.binary(event);
	for (const name of Object.keys(message.headers)) {
		if (name.startsWith(CONSTANTS.EXTENSIONS_PREFIX)) {
			message.headers[name] = String(message.headers[name]).replace(/[^!-~]|["%]/gu, encodeURIComponent);
		}
	}
	return message;
}

// The SDK reads batches and makes none, so its events are put in a list here.
function batch(events) {
	const message = {
		headers: { [CONSTANTS.HEADER_CONTENT_TYPE]: CONSTANTS.MIME_CE_BATCH },
		body: "[" + events.map((event) => HTTP.structured(event).body).join(",") + "]",
	};
	return transport(message, options);
}

const emitters = {
	structured: emitterFor(transport, { mode: Mode.STRUCTURED }),
	binary: emitterFor(transport, { mode: Mode.BINARY }),
	encoded: emitterFor(transport, { mode: Mode.BINARY, binding: { ...HTTP, binary: encodedBinary } }),
};

async function answered(sending) {
	try {
		const { body } = await sending();
		return { status: body ? JSON.parse(body).status : 0, body };
	} catch (error) {
		return { error: String(error) };
	}
}

async function main() {
	const events = JSON.parse(require("fs").readFileSync(0, "utf8")).map(made);
	const answers = [];
	if (mode === "batch") {
		answers.push(await answered(() => batch(events)));
	} else {
		for (const event of events) {
			answers.push(await answered(() => emitters[mode](event, options)));
		}
	}
	process.stdout.write(JSON.stringify(answers) + "\n");
}

main();
