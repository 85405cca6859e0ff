-- What the time of runs is spent in: spans by service and name, with how often, how long in all, and the slowest.
SELECT service, name, count(*) AS times, round(sum(seconds), 3) AS seconds, round(max(seconds), 3) AS slowest,
  count(*) FILTER (status = 'error') AS failed
FROM spans
GROUP BY ALL
ORDER BY seconds DESC
LIMIT 40
