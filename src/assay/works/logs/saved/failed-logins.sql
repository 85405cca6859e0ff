-- Log-ins that failed, by who tried from where.
SELECT source, actor, address, count(*) AS attempts, min(time) AS first, max(time) AS last
FROM logs
WHERE (source = 'cloudtrail' AND action LIKE 'signin.amazonaws.com:%' AND outcome <> 'done')
   OR (source = 'access' AND (raw LIKE '% 401 %') AND outcome = 'denied')
   OR (source = 'kubernetes' AND outcome = 'denied' AND raw LIKE '%"code":401%')
GROUP BY ALL
ORDER BY attempts DESC, last DESC
