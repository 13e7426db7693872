std = "luajit"
max_line_length = 120
self = false
unused_args = false
read_globals = { "lathe" }
exclude_files = { "build/**", "tests/conform/node_modules/**", "lathe-*/**" }
