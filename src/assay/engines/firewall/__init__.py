"""The web application firewall: libmodsecurity, spoken to through cffi, with the OWASP Core Rule Set.

It is opened once a process and asked by any of its threads. What opens answers for itself: its rules are counted, attacks
that every set of rules must know are tried on it, and where one gets through, or a harmless question does not, it is not
opened at all (a set of rules that failed to load leaves an engine that lets everything pass, and says so to nobody).
"""

from assay.engines.firewall.firewall import Firewall
from assay.engines.firewall.matches import Match
from assay.engines.firewall.rules import Rules
from assay.engines.firewall.transaction import Heard, Request

__all__ = ["Firewall", "Heard", "Match", "Request", "Rules"]
