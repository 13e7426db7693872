std = "luajit"
max_line_length = 140
self = false
unused_args = false
read_globals = { "lathe", "LATHE_PROGRAM" }
ignore = { "581" } -- not (a > b) says something else than a <= b when one is not a number
exclude_files = { "build/**", "tests/conform/node_modules/**", "lathe-*/**" }
