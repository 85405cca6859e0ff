-- Who was refused what, and how often.
SELECT source, actor, action, count(*) AS times, min(time) AS first, max(time) AS last
FROM logs
WHERE outcome = 'denied'
GROUP BY ALL
ORDER BY times DESC, last DESC
