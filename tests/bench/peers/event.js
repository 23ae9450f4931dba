// SPDX-License-Identifier: EUPL-1.2
// A peer: Node with express and the CloudEvents SDK. Stores a structured event once, before it answers.
//   event.js SOCKET PROCESSES better-sqlite3|pg
"use strict";
const cluster = require("node:cluster");
const { timingSafeEqual } = require("node:crypto");
const express = require("express");
const { HTTP, ValidationError } = require("cloudevents");

const [socket, processes, driver] = process.argv.slice(2);
const expected = Buffer.from(process.env.BENCH_AUTHORIZATION);

function sqlite() {
	const db = require("better-sqlite3")(process.env.BENCH_DATABASE);
	db.pragma("synchronous = FULL");
	const insert = db.prepare("INSERT INTO event (source, id, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING");
	return (...values) => insert.run(...values);
}

function postgresql() {
	const pool = new (require("pg").Pool)({ max: 16 });
	const text = "INSERT INTO event (source, id, body) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
	return (...values) => pool.query({ name: "insert", text, values });
}

function authorize(req, res, next) {
	const given = Buffer.from(req.get("authorization") ?? "");
	if (given.length === expected.length && timingSafeEqual(given, expected))
		return next();
	res.set("WWW-Authenticate", "Token").status(401).json({ title: "not authorized" });
}

function serve(store) {
	const app = express().disable("x-powered-by").disable("etag");
	app.post("/events", authorize, express.json({ type: "application/cloudevents+json" }), async (req, res) => {
		const event = HTTP.toEvent({ headers: req.headers, body: req.body });
		event.validate();
		await store(event.source, event.id, JSON.stringify(req.body));
		res.status(204).end();
	});
	app.use((err, req, res, next) => {
		const status = err.status ?? (err instanceof ValidationError ? 400 : 500);
		if (status === 500)
			console.error(err);
		res.status(status).json({ title: status === 500 ? "not stored" : "not an event" });
	});
	app.listen(socket, 511);
}

if (processes > 1 && cluster.isPrimary)
	for (let i = 0; i < processes; i++)
		cluster.fork();
else
	serve(driver === "pg" ? postgresql() : sqlite());
