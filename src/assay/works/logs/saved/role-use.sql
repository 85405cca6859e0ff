-- Each role, how often it was used, by how many sessions, and when last.
SELECT role_arn, count(*) AS calls, count(DISTINCT identity_arn) AS sessions,
       count(*) FILTER (WHERE error_code IS NOT NULL) AS errors, min(time) AS first, max(time) AS last
FROM cloudtrail
WHERE role_arn IS NOT NULL
GROUP BY role_arn
ORDER BY calls DESC
