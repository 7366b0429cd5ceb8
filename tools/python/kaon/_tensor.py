"""Between numpy arrays and the library's views of tensors."""

import ctypes

import numpy as np

from kaon._error import Error
from kaon._library import MAX_RANK, Tensor

SEQUENCE = 100

# Numbers of ONNX's TensorProto.DataType. numpy lacks the last five: they go in and out as their bits.
TYPES = {1: "f4", 2: "u1", 3: "i1", 4: "u2", 5: "i2", 6: "i4", 7: "i8", 9: "?", 10: "f2", 11: "f8",
         12: "u4", 13: "u8", 16: "u2", 17: "u1", 18: "u1", 19: "u1", 20: "u1"}
DTYPES = {number: np.dtype(code) for number, code in TYPES.items()}
NUMBERS = {DTYPES[n]: n for n in (1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13)}
BITS = {16, 17, 18, 19, 20}


def fill(view, value, number, name, keep):
    """Makes *view a view of the value for an input of type `number`. A contiguous array in native byte
    order is passed as it is; others, lists and numbers are copied. Whatever must outlive the call is
    appended to `keep`. A wrong type or shape is left for the library to refuse."""
    if number == SEQUENCE:
        items = [value] if isinstance(value, np.ndarray) else list(value)
        views = (Tensor * len(items))()
        for item, v in zip(items, views):
            array = np.asarray(item)
            fill(v, array, NUMBERS.get(array.dtype.newbyteorder("="), 0), name, keep)
        keep.append(views)
        view.type, view.rank, view.dims[0] = SEQUENCE, 1, len(items)
        view.data = ctypes.cast(views, ctypes.c_void_p)
        return
    if not isinstance(value, np.ndarray):
        value = np.asarray(value, dtype=DTYPES.get(number))
    array = np.asarray(value, dtype=value.dtype.newbyteorder("="), order="C")
    if array.dtype not in NUMBERS:
        raise Error("input '%s' has elements of type %s, which kaon does not take"
                    % (name, array.dtype), 12, "KAON_BAD_INPUT")
    if array.ndim > MAX_RANK:
        raise Error("input '%s' has %d axes, at most %d are taken" % (name, array.ndim, MAX_RANK),
                    12, "KAON_BAD_INPUT")
    keep.append(array)
    same_bits = number in BITS and array.dtype == DTYPES[number]
    view.type = number if same_bits else NUMBERS[array.dtype]
    view.rank = array.ndim
    view.dims[:array.ndim] = array.shape
    view.data = array.ctypes.data
    view.bytes = array.nbytes


def copy(view):
    """A numpy array of its own with what the view shows; a list of them for a sequence."""
    if view.type == SEQUENCE:
        items = ctypes.cast(view.data, ctypes.POINTER(Tensor))
        return [copy(items[i]) for i in range(view.dims[0])]
    array = np.empty(tuple(view.dims[:view.rank]), DTYPES[view.type])
    if array.nbytes:
        ctypes.memmove(array.ctypes.data, view.data, array.nbytes)
    return array
