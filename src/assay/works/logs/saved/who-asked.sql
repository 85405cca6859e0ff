-- Who asked which query of the logs, and how many rows they saw.
SELECT time, actor, outcome, detail->>'$.rows' AS rows, detail->>'$.sql' AS query
FROM events
WHERE action = 'log.query'
ORDER BY time DESC
