# Read $CSV by data.table's fread, types inferred; with $CSV_COPY, then write it there.
suppressMessages(library(data.table))
setDTthreads(parallel::detectCores())
seconds <- system.time(d <- fread(Sys.getenv("CSV"), showProgress = FALSE))[["elapsed"]]
if (nzchar(Sys.getenv("CSV_COPY"))) {
  seconds <- system.time(fwrite(d, Sys.getenv("CSV_COPY")))[["elapsed"]]
  invisible(file.remove(Sys.getenv("CSV_COPY")))
}
peak <- as.numeric(gsub("[^0-9]", "", grep("VmHWM", readLines("/proc/self/status"), value = TRUE))) / 1024
cat(sprintf("rows=%d read=%.3f peak_mb=%.0f\n", nrow(d), seconds, peak))
