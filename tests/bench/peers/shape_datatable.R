# bench_shape.lua's tasks in data.table: texts of few values as factors.
suppressMessages(library(data.table))
e <- function(name, default = "") Sys.getenv(name, default)
setDTthreads(as.integer(e("BENCH_THREADS", "2")))
runs <- as.integer(e("BENCH_RUNS", "3"))
factors <- function(d, names) { for (n in names) set(d, j = n, value = as.factor(d[[n]])); d }
t <- factors(fread(e("BENCH_LEFT"), showProgress = FALSE), c("id1", "id2", "id3"))
big <- fread(e("BENCH_RIGHT"), showProgress = FALSE)
medium <- fread(e("BENCH_MEDIUM"), showProgress = FALSE)
small <- factors(fread(e("BENCH_SMALL"), showProgress = FALSE), "id1")
tasks <- list(
  group_text_100_sum = function() t[, .(s = sum(v1)), by = id1],
  group_2_texts_sum = function() t[, .(s = sum(v1)), by = .(id1, id2)],
  group_text_1e5_sum_mean = function() t[, .(s = sum(v1), m = mean(v3)), by = id3],
  group_int_100_means = function() t[, .(s = mean(v1), m = mean(v2), c = mean(v3)), by = id4],
  group_int_1e5_sums = function() t[, .(s = sum(v1), m = sum(v2), c = sum(v3)), by = id6],
  group_2_ints_median_sd = function() t[, .(s = median(v3), m = sd(v3)), by = .(id4, id5)],
  group_text_1e5_max_min = function() t[, .(s = max(v1), m = min(v2)), by = id3],
  group_int_1e7_sum = function() t[, .(s = sum(v3)), by = id7],
  group_string_1e7_sum = function() t[, .(s = sum(v3)), by = id8],
  group_6_keys_sum_count = function() t[, .(s = sum(v3), m = .N), by = .(id1, id2, id3, id4, id5, id6)],
  join_int_100 = function() t[small, on = "id4", nomatch = NULL],
  join_text_100 = function() t[small, on = "id1", nomatch = NULL],
  join_int_1e6 = function() t[medium, on = "id7", nomatch = NULL],
  join_int_1e7 = function() t[big, on = "id7", nomatch = NULL],
  join_int_1e7_left = function() big[t, on = "id7"],
  join_string_1e6 = function() t[medium, on = "id8", nomatch = NULL],
  join_string_1e7 = function() t[big, on = "id8", nomatch = NULL])
for (name in names(tasks)) {
  if (!grepl(e("BENCH_ONLY"), name)) next
  walls <- c(); cpus <- c(); o <- NULL
  for (r in seq_len(runs)) {
    rm(o); gc()
    used <- system.time(o <- tasks[[name]]())
    walls <- c(walls, used[["elapsed"]]); cpus <- c(cpus, used[["user.self"]] + used[["sys.self"]])
  }
  sums <- intersect(c("s", "m", "c", "w"), names(o))
  values <- sapply(sums, function(x) sprintf("%s=%.9g", x, sum(as.numeric(o[[x]]), na.rm = TRUE)))
  cat(sprintf("%-24s datatable  %8.3f cpu=%.3f rows=%d %s\n", name, sort(walls)[ceiling(runs / 2)], sort(cpus)[ceiling(runs / 2)],
              nrow(o), paste(values, collapse = " ")))
}
