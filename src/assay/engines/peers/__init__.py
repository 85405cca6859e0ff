"""The private network of a job's workers: among themselves and nowhere else, encrypted where that is asked for.

Each worker has a network namespace of its own, whose one interface is a TUN device. Its packets are carried by a process of
ours (ports) across one shared link, the loopback of the job's own network namespace, which nothing else is in: as they are,
or in TLS between certificates of an authority that lives as long as the job (authority). crew: the workers, watched together.
"""
