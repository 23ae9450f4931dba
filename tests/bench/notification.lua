-- SPDX-License-Identifier: EUPL-1.2
-- wrk: a fresh notification in each request, about 600 bytes, over a hundred thousand objects.
local n = 0
local start = os.time()
local body = '{"actie": "create", "kanaal": "zaken", "source": "zaken.voorbeeld.nl", "resource": "status", ' ..
	'"kenmerken": {"zaaktype": "https://catalogi.voorbeeld.nl/api/v1/zaaktypen/5aa5c1f0-77aa-4b1e-8a2e-2f4b9f3f7d11", ' ..
	'"bronorganisatie": "002564440", "vertrouwelijkheidaanduiding": "openbaar", "volgnummer": "%d"}, ' ..
	'"hoofdObject": "https://zaken.voorbeeld.nl/zaken/api/v1/zaken/d7a22-%d", ' ..
	'"resourceUrl": "https://zaken.voorbeeld.nl/zaken/api/v1/statussen/721c9-%d-%d", ' ..
	'"aanmaakdatum": "2026-05-01T12:00:00.123Z"}'
local headers = { ["Content-Type"] = "application/json", ["Authorization"] = os.getenv("BENCH_AUTHORIZATION") }

request = function()
	n = n + 1
	return wrk.format("POST", "/nrc", headers, body:format(n, n % 100000, start, n))
end

done = function(summary, latency, requests)
	io.write(("result %d %.3f %.3f %d %d\n"):format(
		summary.requests / summary.duration * 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
		summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout, summary.requests))
end
