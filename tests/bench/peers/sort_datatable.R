# The sorts of bench_sort.lua by data.table: a factor for the category.
suppressMessages(library(data.table))
setDTthreads(0)
t <- fread(Sys.getenv("SHAPE"), showProgress = FALSE)
t[, city := factor(city)]
tasks <- list(sort_int64 = quote(order(id)), sort_float64 = quote(order(x)), sort_string = quote(order(name)),
              sort_category = quote(order(city)), sort_two_keys = quote(order(city, -id)))
for (task in names(tasks)) for (run in 1:3) {
  time <- system.time(s <- eval(substitute(t[by], list(by = tasks[[task]]))))
  cat(sprintf("%s data.table %.3f cpu=%.2f rows=%d first=%s\n", task, time[["elapsed"]], time[["user.self"]] + time[["sys.self"]], nrow(s), s$id[1]))
}
