"""libmodsecurity, loaded by its name: what of its C interface is used, declared for cffi's ABI mode, so that nothing is compiled."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from assay.engines.extras import install
from assay.kernel.errors import Missing

NAMES = ("libmodsecurity.so.3", "libmodsecurity.3.dylib")
DEBIAN = "apt install libmodsecurity3 modsecurity-crs"
_DECLARED = """
typedef struct ModSecurity ModSecurity;
typedef struct RulesSet RulesSet;
typedef struct Transaction Transaction;
typedef struct { int status; int pause; char *url; char *log; int disruptive; } ModSecurityIntervention;
typedef void (*ModSecLogCb)(void *, const void *);
ModSecurity *msc_init(void);
const char *msc_who_am_i(ModSecurity *);
void msc_set_connector_info(ModSecurity *, const char *);
void msc_set_log_cb(ModSecurity *, ModSecLogCb);
void msc_cleanup(ModSecurity *);
RulesSet *msc_create_rules_set(void);
int msc_rules_add(RulesSet *, const char *, const char **);
int msc_rules_cleanup(RulesSet *);
Transaction *msc_new_transaction(ModSecurity *, RulesSet *, void *);
void msc_transaction_cleanup(Transaction *);
int msc_process_connection(Transaction *, const char *, int, const char *, int);
int msc_process_uri(Transaction *, const char *, const char *, const char *);
int msc_add_n_request_header(Transaction *, const unsigned char *, size_t, const unsigned char *, size_t);
int msc_process_request_headers(Transaction *);
int msc_append_request_body(Transaction *, const unsigned char *, size_t);
int msc_process_request_body(Transaction *);
int msc_intervention(Transaction *, ModSecurityIntervention *);
void free(void *);
"""
_lock = threading.Lock()
_loaded: Library | None = None


@dataclass(frozen=True, slots=True)
class Library:
    """The library as loaded. free: of the C library, for what an intervention hands over."""

    ffi: Any
    c: Any
    free: Callable[[Any], None]
    name: str


def library() -> Library:
    """Load it, once a process; Missing says what to install."""
    global _loaded
    with _lock:
        if _loaded is None:
            _loaded = _load()
        return _loaded


def _load() -> Library:
    try:
        from cffi import FFI
    except ImportError:
        raise Missing("the firewall needs cffi, which is not installed", remedy=install("waf")) from None
    ffi = FFI()
    ffi.cdef(_DECLARED)
    for name in NAMES:
        try:
            return Library(ffi, ffi.dlopen(name), ffi.dlopen(None).free, name)
        except (OSError, AttributeError):
            continue
    raise Missing("the firewall needs libmodsecurity, which is not installed", remedy=DEBIAN)
