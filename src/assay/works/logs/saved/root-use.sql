-- What was done as an account's root user.
SELECT time, account, event_source, event_name, source_ip, user_agent, error_code, mfa
FROM cloudtrail
WHERE identity_type = 'Root' AND invoked_by IS NULL AND coalesce(event_type, '') <> 'AwsServiceEvent'
ORDER BY time DESC
