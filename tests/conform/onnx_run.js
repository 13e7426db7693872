// Runs an ONNX model in ONNX Runtime over raw columns: node onnx_run.js MODEL.onnx COLUMNS.json prints the predictions as a JSON list, those of
// classes as { label: [..], probabilities: [..] } row after row, those of several targets as { targets: [[..], ..] }.
// COLUMNS.json: { "NAME": [number | null, ...] or [text | null, ...], ... }
const fs = require("fs");
const path = require("path");
const { createRequire } = require("module");
const folder = process.env.LATHE_NODE_MODULES || path.join(__dirname, "node_modules");
const ort = createRequire(path.join(folder, "x.js"))("onnxruntime-node");

async function main() {
  const [model, columns] = process.argv.slice(2);
  const session = await ort.InferenceSession.create(model);
  const data = JSON.parse(fs.readFileSync(columns, "utf8"));
  const feeds = {};
  for (const input of session.inputMetadata) {
    const values = data[input.name];
    feeds[input.name] =
      input.type === "string"
        ? new ort.Tensor("string", values.map((x) => (x === null ? "" : x)), [values.length, 1])
        : new ort.Tensor("float64", Float64Array.from(values, (x) => (x === null ? NaN : x)), [values.length, 1]);
  }
  const results = await session.run(feeds);
  const list = (output) => Array.from(output.data, (x) => (Number.isNaN(x) ? null : typeof x === "bigint" ? Number(x) : x));
  const outputs = session.outputNames.map((name) => list(results[name]));
  const classes = outputs.length === 2 && session.outputNames[1] === session.outputNames[0] + "_probability";
  const several = classes ? { label: outputs[0], probabilities: outputs[1] } : { targets: outputs };
  console.log(JSON.stringify(outputs.length === 1 ? outputs[0] : several));
}

main().catch((problem) => {
  console.error(problem.message);
  process.exit(1);
});
