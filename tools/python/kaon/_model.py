"""Models and their sessions."""

import ctypes
import os
import threading
import weakref
from collections import namedtuple

from kaon import _tensor
from kaon._error import Error
from kaon._library import Message, OpenOptions, Port as RawPort, Range, Tensor, check, load

Port = namedtuple("Port", "name dtype shape type")
Port.__doc__ = """One input or output: its name, numpy dtype (None for a sequence), shape (the name of a
symbolic axis, -1 for an unknown one, None where even the rank is unknown) and ONNX type name."""


def _port(library, raw):
    shape = None if raw.rank < 0 else tuple(
        raw.dims[i] if raw.dims[i] >= 0 else (raw.axes[i] or b"").decode() or -1
        for i in range(raw.rank))
    return Port(raw.name.decode("utf-8", "replace"), _tensor.DTYPES.get(raw.type), shape,
                library.kaon_type_name(raw.type).decode())


class _Session:
    """One session; used by one thread at a time."""

    def __init__(self, library, model, ranges):
        handle, message = ctypes.c_void_p(), Message()
        check(library, library.kaon_session_open(ctypes.byref(handle), model, None,
                                                 ctypes.byref(message)), message)
        self.handle = handle
        weakref.finalize(self, library.kaon_session_close, handle)
        self.library, self.prepared = library, 0
        self.prepare(ranges)

    def prepare(self, ranges):
        """Prepares what it has not yet of a list that only grows."""
        while self.prepared < len(ranges):
            wanted = ranges[self.prepared]
            array, message = (Range * len(wanted))(), Message()
            for r, (axis, (low, high)) in zip(array, wanted.items()):
                r.axis, r.min, r.max = axis.encode(), low, high
            check(self.library, self.library.kaon_session_prepare(
                self.handle, array, len(wanted), ctypes.byref(message)), message)
            self.prepared += 1


class Model:
    """An ONNX model, open. Any number of threads may call run: each has a session of its own, closed
    with the thread or the model, and the interpreter's lock is released while kaon computes.

    path: the file, which must not change while the model is open.
    backend: "own" (default), "openblas" or "xnnpack", if built in.
    cpu: "scalar", "avx2" or "avx512" as an upper bound.
    also: names of values within the graph that become outputs too.
    library: path of the shared library, see kaon.load.
    """

    def __init__(self, path, backend=None, cpu=None, also=(), library=None):
        self._how = os.fspath(path), backend, cpu, tuple(also), library
        self._library = lib = load(library)
        names = (ctypes.c_char_p * len(self._how[3]))(*[os.fsencode(a) for a in self._how[3]])
        options = OpenOptions(size=ctypes.sizeof(OpenOptions), n_also=len(names), also=names,
                              backend=backend.encode() if backend else None,
                              cpu=cpu.encode() if cpu else None)
        handle, message = ctypes.c_void_p(), Message()
        check(lib, lib.kaon_model_open(ctypes.byref(handle), os.fsencode(path),
                                       ctypes.byref(options), ctypes.byref(message)), message)
        self._handle = handle
        self._close = weakref.finalize(self, lib.kaon_model_close, handle)
        self._local, self._ranges = threading.local(), []
        self.inputs, self._types = self._ports(lib.kaon_model_input_count, lib.kaon_model_input)
        self.outputs, _ = self._ports(lib.kaon_model_output_count, lib.kaon_model_output)
        self.metadata = self._read_metadata()
        self.isa = lib.kaon_model_isa(handle).decode()

    def _ports(self, count, get):
        ports, types, raw = [], [], RawPort()
        for i in range(count(self._handle)):
            check(self._library, get(self._handle, i, ctypes.byref(raw)), Message())
            ports.append(_port(self._library, raw))
            types.append(raw.type)
        return ports, types

    def _read_metadata(self):
        """What the file says of itself, and its properties by key."""
        lib, keys = self._library, [b":producer", b":producer_version", b":domain", b":doc_string",
                                    b":graph_name", b":ir_version", b":opset"]
        while True:
            key = lib.kaon_model_metadata_key(self._handle, len(keys) - 7)
            if key is None:
                break
            keys.append(key)
        values = ((key, lib.kaon_model_metadata(self._handle, key)) for key in keys)
        return {k.decode("utf-8", "replace"): v.decode("utf-8", "replace")
                for k, v in values if v is not None}

    def _session(self):
        if not self._close.alive:
            raise Error("the model is closed", 11, "KAON_BAD_STATE")
        session = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = _Session(self._library, self._handle, self._ranges)
        session.prepare(self._ranges)
        return session

    def prepare(self, **ranges):
        """Plans every shape within ranges of symbolic axes, as prepare(n_tracks=(0, 40)): later runs
        of them, in any thread, plan nothing and take no memory from the system. Optional."""
        self._ranges.append(ranges)
        try:
            self._session()
        except Error:
            self._ranges.remove(ranges)
            raise

    def run(self, inputs=None, **more):
        """Runs the model once. Inputs are arrays by name, in a dict or as keywords, all of them.
        Contiguous arrays are not copied. Returns a dict of arrays by output name; they are the
        caller's own (copied once out of the session)."""
        given = dict(inputs or {}, **more)
        views, keep, message = (Tensor * len(self.inputs))(), [], Message()
        for port, number, view in zip(self.inputs, self._types, views):
            if port.name not in given:
                raise Error("input '%s' is missing; the model takes %s"
                            % (port.name, ", ".join(p.name for p in self.inputs)),
                            12, "KAON_BAD_INPUT")
            _tensor.fill(view, given.pop(port.name), number, port.name, keep)
        if given:
            raise Error("the model has no input '%s'; it takes %s"
                        % (next(iter(given)), ", ".join(p.name for p in self.inputs)),
                        12, "KAON_BAD_INPUT")
        session, out = self._session(), (Tensor * len(self.outputs))()
        check(self._library, self._library.kaon_session_run(session.handle, views, out,
                                                            ctypes.byref(message)), message)
        return {port.name: _tensor.copy(view) for port, view in zip(self.outputs, out)}

    def close(self):
        """Lets go of the model and this thread's session; runs in other threads end first, and their
        sessions keep what they need. Later calls raise kaon.Error."""
        self._local = threading.local()
        self._close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __reduce__(self):
        return Model, self._how

    def __repr__(self):
        ports = ", ".join("%s %s %s" % (p.name, p.type, p.shape) for p in self.inputs)
        return "kaon.Model(%r: %s)" % (self._how[0], ports)
