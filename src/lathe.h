/* lathe.h - the C interface of liblathe, and, through the preprocessor, of LuaJIT's FFI.
 *
 * Conventions: handles are opaque and counted (`_retain`, `_release`); a function that returns a handle gives it away, one that takes
 * it borrows it. Whatever can fail takes a `lathe_error *` last and returns NULL or false. Text is UTF-8. Public headers hold
 * declarations and enums only. */
#ifndef LATHE_H
#define LATHE_H

#include "base/base.h"
#include "table/column.h"
#include "table/table.h"
#include "table/arrow.h"
#include "format/csv.h"
#include "format/csv_dialect.h"
#include "format/duckdb.h"
#include "format/odbc.h"
#include "format/source.h"
#include "format/json_table.h"
#include "format/npy.h"
#include "format/sqlite.h"
#include "shape/group.h"
#include "shape/join.h"
#include "shape/expression.h"
#include "shape/pivot.h"
#include "shape/rows.h"
#include "shape/concat.h"
#include "shape/sample.h"
#include "shape/sort.h"
#include "look/profile.h"
#include "look/clusters.h"
#include "look/contract.h"
#include "look/compare.h"
#include "look/association.h"
#include "look/stream.h"
#include "graph/graph.h"
#include "graph/quantize.h"
#include "prepare/recipe.h"
#include "prepare/split.h"
#include "prepare/augment.h"
#include "prepare/personal.h"
#include "model/model.h"
#include "model/fit.h"
#include "model/metrics.h"
#include "model/distribution.h"
#include "export/onnx.h"
#include "tui/screen.h"
#include "store/store.h"
#include "monitor/latency.h"
#include "monitor/resources.h"
#include "monitor/traffic.h"
#include "serve/endpoint.h"
#include "serve/rows.h"

#endif
