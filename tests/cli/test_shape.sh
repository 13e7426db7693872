#!/bin/sh
# The steps that make tables from tables, on the command line.
. "$LATHE_TOP/tests/cli/tap.sh"

printf 'age,gain\n16,0\n41,10\n,3\n' >a.csv
run "$LATHE" step shape.filter a.csv --where 'age >= $limit' --values limit=17 --may_drop 0.7 --output out.csv
is "shape.filter keeps the rows where it is true" "$(tr '\n' ' ' <out.csv)" "age,gain 41,10 "
run "$LATHE" step shape.derive a.csv --name twice --expression 'if(gain == 0, 1, gain * 2)' --output out.csv
is "shape.derive makes a column" "$(tr '\n' ' ' <out.csv)" "age,gain,twice 16,0,1 41,10,20 ,3,6 "
run "$LATHE" step shape.cast a.csv --types gain=bool
status "a cast that loses something fails" 1
run "$LATHE" step shape.cast a.csv --types gain=bool --lenient --output out.csv
is "a lenient one makes it missing" "$(tr '\n' ' ' <out.csv)" "age,gain 16,false 41, , "
run "$LATHE" step shape.rename a.csv --names age=years --output out.csv
is "shape.rename gives another name" "$(head -1 out.csv)" "years,gain"
run "$LATHE" step shape.group_by a.csv --columns age --aggregates n=count --aggregates 'q=quantile(gain, 0.5),m=max(gain)' --output out.csv
is "an aggregate may have commas, and a map comes in several options" "$(tr '\n' ' ' <out.csv)" "age,m,n,q 16,0,1,0 41,10,1,10 ,3,1,3 "
run "$LATHE" step shape.slice a.csv --from 1 --from 2
status "another option twice is refused" 2
finish
