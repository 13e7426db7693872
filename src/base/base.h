/* base.h - the public headers of the lowest floor. */
#ifndef LATHE_BASE_BASE_H
#define LATHE_BASE_BASE_H

#include "error.h"
#include "file.h"
#include "hash.h"
#include "http.h"
#include "json.h"
#include "library.h"
#include "pool.h"
#include "progress.h"
#include "random.h"
#include "safetensors.h"
#include "system.h"
#include "text.h"

#endif
