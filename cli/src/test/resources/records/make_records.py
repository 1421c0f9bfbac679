#!/usr/bin/env python3
"""Writes digits as TensorFlow Datasets keeps them: two shards of PNG images with labels, and one of float tensors. Needs tensorflow.

    make_records.py ../../../../../samples/digits_inputs.npz ../../../../../samples/digits_labels.npz
"""
import json
import pathlib
import sys

import numpy as np
import tensorflow as tf

HERE = pathlib.Path(__file__).resolve().parent
images = list(np.load(sys.argv[1]).values())[0][:48]
labels = list(np.load(sys.argv[2]).values())[0][:48]


def of_bytes(x):
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=[x]))


def of_longs(x):
    return tf.train.Feature(int64_list=tf.train.Int64List(value=x))


def write(path, features):
    with tf.io.TFRecordWriter(str(path)) as out:
        for each in features:
            out.write(tf.train.Example(features=tf.train.Features(feature=each)).SerializeToString())


def shape(*dims):
    return {"dimensions": [str(d) for d in dims]}


def describe(folder, image):
    module = "tensorflow_datasets.core.features."
    label = {"pythonClassName": module + "class_label_feature.ClassLabel", "classLabel": {"numClasses": "10"}}
    text = {"pythonClassName": module + "features_dict.FeaturesDict", "featuresDict": {"features": {"image": image, "label": label}}}
    (folder / "features.json").write_text(json.dumps(text, indent=4))


pngs, tensors = HERE / "pngs", HERE / "tensors"
for folder in (pngs, tensors):
    folder.mkdir(exist_ok=True)
module = "tensorflow_datasets.core.features."
describe(pngs, {"pythonClassName": module + "image_feature.Image", "image": {"shape": shape(8, 8, 1), "dtype": "uint8", "encodingFormat": "png"}})
describe(tensors, {"pythonClassName": module + "tensor_feature.Tensor", "tensor": {"shape": shape(8, 8, 1), "dtype": "float32", "encoding": "none"}})
encoded = [
    {"image": of_bytes(tf.io.encode_png(np.round(x.reshape(8, 8, 1) * 255).astype(np.uint8)).numpy()), "label": of_longs([int(y)])}
    for x, y in zip(images, labels)]
write(pngs / "digits-train.tfrecord-00000-of-00002", encoded[:20])
write(pngs / "digits-train.tfrecord-00001-of-00002", encoded[20:40])
write(pngs / "digits-test.tfrecord-00000-of-00001", encoded[40:])
write(tensors / "digits-train.tfrecord-00000-of-00001", [
    {"image": tf.train.Feature(float_list=tf.train.FloatList(value=x.ravel())), "label": of_longs([int(y)])} for x, y in zip(images[:40], labels)])
