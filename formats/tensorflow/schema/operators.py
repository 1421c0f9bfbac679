"""Makes src/main/resources/watari/format/tensorflow/operators.txt from the tensorflow package that is installed.

A line for each operator: name outputs attributes
outputs: name, name*attribute where an attribute says how many, name@attribute where a list of types does; - for none.
attributes: names; - for none.
"""

from tensorflow.core.framework import op_def_pb2
from tensorflow.python.client import pywrap_tf_session

known = op_def_pb2.OpList()
known.ParseFromString(pywrap_tf_session.TF_GetBuffer(pywrap_tf_session.TF_GetAllOpList()))


def output(arg):
    if arg.number_attr:
        return f"{arg.name}*{arg.number_attr}"
    return f"{arg.name}@{arg.type_list_attr}" if arg.type_list_attr else arg.name


for op in sorted(known.op, key=lambda each: each.name):
    outputs = ",".join(output(arg) for arg in op.output_arg)
    print(op.name, outputs or "-", ",".join(sorted(attr.name for attr in op.attr)) or "-")
