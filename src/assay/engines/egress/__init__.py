"""The way out of a job that was granted some stores: a proxy outside its walls that reaches these and nothing else.

policy: what was named, and the decisions. addresses: which of them an answer of the name service may be. tls: the name that
a client asks for. proxy: the connections; wire: HTTP as it reads it. credential: the job's own, for S3; door: where requests signed
with it are judged (objects) and signed anew (sigv4).
"""
