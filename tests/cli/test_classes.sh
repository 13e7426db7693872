#!/bin/sh
# The life of a classification as a user calls it: the example flow, prediction, the command line's JSON.
. "$LATHE_TOP/tests/cli/tap.sh"

example=$LATHE_TOP/share/examples/breast-cancer
run "$LATHE" run "$example/flow.lua"
status "the example of two classes runs" 0
has "the summary shows its accuracy" "$out" "accuracy"
run "$LATHE" predict breast-cancer/cancer.lathe "$example/breast_cancer.csv"
status "a bundle of classes predicts" 0
is "a class and its probabilities" "$(head -1 "$out")" "diagnosis,P(benign),P(malignant)"
is "a line for each row" "$(wc -l <"$out" | tr -d ' ')" "570"
run "$LATHE" predict breast-cancer/cancer.lathe "$example/breast_cancer.csv" --all
is "--all puts the file's columns before them" "$(head -1 "$out" | tr , '\n' | tail -4 | tr '\n' ' ')" \
  "diagnosis predicted_diagnosis P(benign) P(malignant) "
run "$LATHE" predict breast-cancer/cancer.lathe "$example/breast_cancer.csv" --json
has "JSON has labels" "$out" '"label":"malignant"'
has "and probabilities" "$out" '"probabilities"'
run "$LATHE" step evaluate.regression breast-cancer/cancer.lathe "$example/breast_cancer.csv"
status "a classification is not measured as a regression" 1
has "and the step that does is named" "$err" "evaluate.classification"
finish
