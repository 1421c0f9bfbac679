"""Makes src/main/resources/watari/format/tensorflow/kernels.txt from the tensorflow package that is installed.

A line for each operator that has kernels for the processor: name inputs outputs types
inputs, outputs: the type of each argument: an attribute's name, =type where it is fixed, number*type for several of one type,
@attribute for a list of types; - for none.
types: attribute=type|type… for which there are kernels, and the last argument is a * where that is not restricted; - for none.
"""

from tensorflow.core.framework import op_def_pb2, types_pb2
from tensorflow.python.client import pywrap_tf_session
from tensorflow.python.framework import kernels

known = op_def_pb2.OpList()
known.ParseFromString(pywrap_tf_session.TF_GetBuffer(pywrap_tf_session.TF_GetAllOpList()))
registered = kernels.get_all_registered_kernels()
on_processor = {}
for kernel in registered.kernel:
    if kernel.device_type == "CPU" and not kernel.label:
        on_processor.setdefault(kernel.op, []).append(kernel)


def name(dtype):
    return types_pb2.DataType.Name(dtype)[3:]


def argument(arg):
    if arg.type_list_attr:
        return "@" + arg.type_list_attr
    text = arg.type_attr or "=" + name(arg.type)
    return f"{arg.number_attr}*{text}" if arg.number_attr else text


def types(op):
    found = []
    for attr in op.attr:
        if attr.type != "type":
            continue
        allowed, free = set(), False
        for kernel in on_processor[op.name]:
            rows = [row for row in kernel.constraint if row.name == attr.name]
            for row in rows:
                allowed.update(name(each) for each in row.allowed_values.list.type)
            free = free or not rows
        limits = {name(each) for each in attr.allowed_values.list.type}
        if limits:
            allowed = limits if free else allowed & limits
        if limits or not free:
            found.append(attr.name + "=" + "|".join(sorted(allowed)))
    return ";".join(found) or "-"


for op in sorted(known.op, key=lambda each: each.name):
    if op.name in on_processor:
        inputs = ",".join(argument(arg) for arg in op.input_arg) or "-"
        outputs = ",".join(argument(arg) for arg in op.output_arg) or "-"
        print(op.name, inputs, outputs, types(op))
