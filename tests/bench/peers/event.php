<?php
// SPDX-License-Identifier: EUPL-1.2
// A peer: PHP-FPM with PDO. Checks the credential, parses a structured CloudEvent and stores it once, before it answers.
declare(strict_types=1);

const INSERT = 'INSERT INTO event (source, id, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING';

function refuse(int $status, string $why): never
{
	http_response_code($status);
	header('Content-Type: application/problem+json');
	exit(json_encode(['status' => $status, 'title' => $why]));
}

function event_of(string $body): array
{
	try {
		$event = json_decode($body, true, 64, JSON_THROW_ON_ERROR);
	} catch (JsonException) {
		refuse(400, 'not JSON');
	}
	foreach (['specversion', 'type', 'source', 'id'] as $name)
		if (!is_array($event) || !is_string($event[$name] ?? null) || $event[$name] === '')
			refuse(400, "$name is missing");
	if ($event['specversion'] !== '1.0')
		refuse(400, 'specversion is not 1.0');
	return $event;
}

function store(): PDO
{
	$dsn = getenv('BENCH_DSN');
	$sqlite = str_starts_with($dsn, 'sqlite:');
	// One round trip instead of three: parameters go with the statement. With SQLite nothing is sent anyway.
	$options = $sqlite ? [] : [PDO::PGSQL_ATTR_DISABLE_PREPARES => true];
	$db = new PDO($dsn, null, null, $options + [PDO::ATTR_PERSISTENT => true, PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
	if ($sqlite)
		$db->exec('PRAGMA synchronous = FULL');
	return $db;
}

if ($_SERVER['REQUEST_METHOD'] !== 'POST')
	refuse(405, 'only POST');
if (!hash_equals(getenv('BENCH_AUTHORIZATION'), $_SERVER['HTTP_AUTHORIZATION'] ?? '')) {
	header('WWW-Authenticate: Token');
	refuse(401, 'not authorized');
}
$body = file_get_contents('php://input');
$event = event_of($body);
store()->prepare(INSERT)->execute([$event['source'], $event['id'], $body]);
http_response_code(204);
