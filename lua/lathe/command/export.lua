-- lathe export: a model as an ONNX file.
local function run(arguments, options)
  local lathe, style = require "lathe", require "lathe.style"
  local wrong = require("lathe.command").wrong
  local path = options.output
  if not path then wrong "lathe export needs the file to write: --output FILE.onnx" end
  if not path:match "%.onnx$" then wrong("--output is the name of an .onnx file, not %q", path) end
  if options.quantize and options.quantize ~= "int8" then wrong("--quantize takes int8, not %q", options.quantize) end
  local model = lathe.open(arguments[1])
  local weights = options.quantize and "int8" or model:summary().int8 and "int8" or "float64"
  if options.quantize and not model:summary().int8 then model = model:quantize "int8" end
  model:export(path)
  local file = assert(io.open(path, "rb"))
  local size = file:seek "end"
  file:close()
  if options.json then
    print(require("lathe.json").encode {
      path = path, bytes = size, weights = weights, inputs = model:inputs(),
      output = model:targets()[2] and model:targets() or model:target(),
    })
  else
    io.stderr:write(("%s: %s, %d inputs, %s weights\n"):format(path, style.bytes(size), #model:inputs(), weights))
  end
  return 0
end

return {
  name = "export",
  doc = "Write a model as an ONNX file.",
  usage = "lathe export MODEL --output FILE.onnx [--quantize int8]",
  arguments = { { name = "MODEL", doc = "a bundle" } },
  options = {
    { name = "output", value = "FILE.onnx", doc = "the file to write" },
    { name = "quantize", value = "int8", doc = "round the weights to 8 bits first" },
    { name = "json", doc = "say what was written as JSON" },
  },
  detail = [[
The file takes the raw columns, each of shape (N, 1): numbers as double, NaN where missing, texts as
text, "" where missing. It runs in ONNX Runtime without lathe and gives the same predictions.]],
  run = run,
}
