/* onnx.h - a graph as an ONNX file: IR 8, opset 17 and ai.onnx.ml 3, which ONNX Runtime runs on any
 * processor.
 *
 * One input for each raw column, of shape (N, 1): double for numbers, NaN where missing; text for texts, ""
 * where missing. One output, named after the target, (N, width) of double. The arithmetic is the executor's,
 * in double and in its order of operations; int8 weights stay int8 and go through DequantizeLinear. A text
 * that is not in the vocabulary gives zeros, or an error when the recipe asks for one and no column was
 * dropped. */
#ifndef LATHE_EXPORT_ONNX_H
#define LATHE_EXPORT_ONNX_H

#include "../graph/graph.h"

/* Write it; `note` (may be NULL) becomes the model's documentation. Equal graphs, equal bytes. */
bool lathe_onnx_write(const lathe_graph *graph, const char *note, const char *path, lathe_error *error);

#endif
