/// TFLite models.
///
/// Specification: schema version 3 as LiteRT 2.3 has it; `schema/tflite.fbs` is our own text of it.
///
/// The wire: [watari.format.tflite.TfliteFile] maps a file, checks all its records and gives them
/// and the bytes of its buffers. [watari.format.tflite.TfliteOutput] takes buffers and writes them
/// behind the records; past 1.9 GB large ones lie outside of the flatbuffer.
/// [watari.format.tflite.TfliteAssociatedFiles] are the zip archive behind both.
///
/// Not supported: schema versions below 3; strings that are not UTF-8; buffers in files of their
/// own (`external_buffers`); custom options are read from outside of the flatbuffer, but written
/// into it.
@NullMarked
package watari.format.tflite;

import org.jspecify.annotations.NullMarked;
