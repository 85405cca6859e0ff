-- Errors and denials of every log by the hour.
SELECT date_trunc('hour', time) AS hour, source, outcome, count(*) AS records
FROM logs
WHERE outcome IN ('error', 'denied', 'failed', 'fail')
GROUP BY ALL
ORDER BY hour DESC, records DESC
