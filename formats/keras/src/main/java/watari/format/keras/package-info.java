/// Keras: models that are saved as layers with their configuration, and arrays of weights.
///
/// Three containers hold the same layers: HDF5 (`.h5`, of Keras 2 and of Keras 3's older way), the
/// zip archive of Keras 3 (`.keras`), and the layers model of TensorFlow.js (`model.json` with
/// shards of weights). [watari.format.keras.KerasReadOps] is the table of layers, by class name.
/// The first two are also written, as Functional models: [watari.format.keras.KerasWriteOps].
///
/// Specification: Keras 3.15 and tf_keras 2.21, whose sources define what each layer computes; HDF5
/// File Format Specification 3.0; TensorFlow.js 4.22.
///
/// Not supported: layers that hold code (Lambda, custom classes), layers of text, and what only
/// training does. Layers that only train (dropout, noise, augmentation) are read as what they are
/// in inference.
@NullMarked
package watari.format.keras;

import org.jspecify.annotations.NullMarked;
