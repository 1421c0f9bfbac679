"""Makes saved/ beside this file: a SavedModel of TensorFlow 2 with two signatures and two variables.

`scaled` is x * 2 + [1, 2, 3]; `rows` takes rows of a table of numbers from 0 on.
"""

import pathlib

import tensorflow as tf


class Net(tf.Module):
    def __init__(self):
        self.bias = tf.Variable([1.0, 2.0, 3.0], name="bias")
        self.table = tf.Variable(tf.reshape(tf.range(300.0), (100, 3)), name="table")

    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, name="x")])
    def scaled(self, x):
        return {"y": x * 2.0 + self.bias}

    @tf.function(input_signature=[tf.TensorSpec([2], tf.int32, name="i")])
    def rows(self, i):
        return {"picked": tf.gather(self.table, i)}


net = Net()
folder = pathlib.Path(__file__).parent / "saved"
tf.saved_model.save(net, str(folder), signatures={"serving_default": net.scaled, "rows": net.rows})
(folder / "fingerprint.pb").unlink()
