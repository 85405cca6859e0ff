-- Who decided upon which model, and when.
SELECT time, actor, action, subject, outcome, detail->>'$.reason' AS reason
FROM events
WHERE action IN ('model.approve', 'model.reject', 'model.archive')
ORDER BY time DESC
