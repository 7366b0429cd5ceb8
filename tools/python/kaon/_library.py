"""Finds and declares the shared library; every structure and function here is one of engine/kaon.h."""

import ctypes
import os
import threading
from ctypes import POINTER, c_char, c_char_p, c_int, c_int32, c_int64, c_size_t, c_uint32, c_uint64
from ctypes import c_void_p
from pathlib import Path

from kaon._error import Error

MAX_RANK = 8
OK = 0
SONAME = "libkaon.so.0"


class Message(ctypes.Structure):
    _fields_ = [("text", c_char * 512)]


class Tensor(ctypes.Structure):
    _fields_ = [("type", c_int), ("rank", c_int32), ("dims", c_int64 * MAX_RANK),
                ("data", c_void_p), ("bytes", c_size_t)]


class Port(ctypes.Structure):
    _fields_ = [("name", c_char_p), ("type", c_int), ("rank", c_int32),
                ("dims", c_int64 * MAX_RANK), ("axes", c_char_p * MAX_RANK)]


class Limits(ctypes.Structure):
    _fields_ = [("file_bytes", c_uint64), ("nodes", c_uint64), ("nesting", c_uint32),
                ("elements", c_uint64), ("open_ms", c_uint32)]


class OpenOptions(ctypes.Structure):
    _fields_ = [("size", c_size_t), ("backend", c_char_p), ("cpu", c_char_p), ("flags", c_uint32),
                ("passes_stop_after", c_int32), ("limits", Limits), ("allocator", c_void_p),
                ("log", c_void_p), ("log_user", c_void_p), ("also", POINTER(c_char_p)),
                ("n_also", c_size_t)]


class Range(ctypes.Structure):
    _fields_ = [("axis", c_char_p), ("min", c_int64), ("max", c_int64)]


# name: result, arguments
FUNCTIONS = {
    "kaon_version": (c_char_p, []),
    "kaon_status_name": (c_char_p, [c_int]),
    "kaon_type_name": (c_char_p, [c_int]),
    "kaon_model_open": (c_int, [POINTER(c_void_p), c_char_p, POINTER(OpenOptions),
                                POINTER(Message)]),
    "kaon_model_close": (None, [c_void_p]),
    "kaon_model_input_count": (c_size_t, [c_void_p]),
    "kaon_model_output_count": (c_size_t, [c_void_p]),
    "kaon_model_input": (c_int, [c_void_p, c_size_t, POINTER(Port)]),
    "kaon_model_output": (c_int, [c_void_p, c_size_t, POINTER(Port)]),
    "kaon_model_metadata": (c_char_p, [c_void_p, c_char_p]),
    "kaon_model_metadata_key": (c_char_p, [c_void_p, c_size_t]),
    "kaon_model_isa": (c_char_p, [c_void_p]),
    "kaon_session_open": (c_int, [POINTER(c_void_p), c_void_p, c_void_p, POINTER(Message)]),
    "kaon_session_close": (None, [c_void_p]),
    "kaon_session_prepare": (c_int, [c_void_p, POINTER(Range), c_size_t, POINTER(Message)]),
    "kaon_session_run": (c_int, [c_void_p, POINTER(Tensor), POINTER(Tensor), POINTER(Message)]),
}

_lock = threading.Lock()
_loaded = None


def _candidates(path):
    """Where the library may be, best first; a name without a folder is left to the loader."""
    if path:
        return [os.fspath(path)]
    if os.environ.get("KAON_LIBRARY"):
        return [os.environ["KAON_LIBRARY"]]
    here = Path(__file__).resolve().parent
    found = [here / SONAME, here / "libkaon.so"]
    # In a checkout: the newest build.
    builds = list(here.parents[2].glob("build/*/engine/" + SONAME)) if len(here.parents) > 2 else []
    found += sorted(builds, key=lambda p: p.stat().st_mtime, reverse=True)
    return [str(p) for p in found if p.exists()] + [SONAME]


def load(path=None):
    """The library, loaded once: from `path`, else from KAON_LIBRARY, else from beside this module,
    the build folder of the checkout that it lies in, or where the system's loader finds it."""
    global _loaded
    with _lock:
        if _loaded and path is None:
            return _loaded
        reasons = []
        for candidate in _candidates(path):
            try:
                library = ctypes.CDLL(candidate)
                for name, (result, arguments) in FUNCTIONS.items():
                    function = getattr(library, name)
                    function.restype, function.argtypes = result, arguments
            except (OSError, AttributeError) as e:
                reasons.append(str(e))
                continue
            _loaded = library
            return library
    raise Error("kaon's library was not found (%s); name it with KAON_LIBRARY" % "; ".join(reasons),
                31, "KAON_IO")


def version():
    """The version of the library that runs."""
    return load().kaon_version().decode()


def check(library, status, message):
    """Raises kaon.Error unless the call went well."""
    if status != OK:
        raise Error(message.text.decode("utf-8", "replace"), status,
                    library.kaon_status_name(status).decode())
