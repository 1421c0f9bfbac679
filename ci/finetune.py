"""Trains the variables of a SavedModel by ten steps and sees that the loss falls: finetune.py FOLDER

Runs with TensorFlow, on a SavedModel of one float input and one output that was written with --weights-as variables.
"""

import sys

import numpy as np
import tensorflow as tf

STEPS = 10

loaded = tf.saved_model.load(sys.argv[1])
served = loaded.signatures["serving_default"]
variables = list(served.trainable_variables)
assert variables, "there are no variables that can be trained"
(name, spec), = served.structured_input_signature[1].items()
(output,) = served.structured_outputs
random = np.random.default_rng(7)
x = tf.constant(random.random([d or 1 for d in spec.shape], dtype="float32"))
wanted = tf.roll(served(**{name: x})[output], 1, axis=-1)
losses = []
for _ in range(STEPS):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(served(**{name: x})[output] - wanted))
    losses.append(float(loss))
    gradients = tape.gradient(loss, variables)
    norm = tf.linalg.global_norm([g for g in gradients if g is not None])
    for variable, gradient in zip(variables, gradients):
        if gradient is not None:
            variable.assign_sub(1e-2 * gradient / (norm + 1e-12))
print(f"{len(variables)} variables, loss {losses[0]:.3g} -> {losses[-1]:.3g}")
sys.exit(losses[-1] >= losses[0])
