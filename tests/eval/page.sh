#!/bin/sh
# The page of --report and the choice of figures: page.sh KAON MODELS DATA SCRATCH.
set -u
kaon=$1 models=$2 scratch=$4
rm -rf "$scratch" && mkdir -p "$scratch" && cd "$scratch" || exit 1
fail() { echo "FAILED: $*"; exit 1; }

# a title from outside is text, and nothing in the page is loaded from elsewhere
mkdir hostile && cp "$models/btag_small/model.onnx" hostile/ || exit 1
sed 's|"title": *"[^"]*"|"title": "<script>alert(1)</script> \& co"|' "$models/btag_small/eval.json" \
    > hostile/eval.json
grep -q 'alert(1)' hostile/eval.json || fail "no title to replace"
"$kaon" eval hostile/model.onnx --data "$models/jets/jets.h5" --limit 3000 --report page.html \
    --out out --plot-formats svg -q > /dev/null || fail "no page"
grep -q '&lt;script&gt;alert(1)&lt;/script&gt; &amp; co' page.html || fail "title not escaped"
[ "$(grep -c '<script' page.html)" = 1 ] || fail "a script that is not ours"
grep -Eo '(src|href)="[^#"][^"]*"|url\([^#)][^)]*\)|@import' page.html && fail "something is loaded"
for id in models D_b warnings provenance; do
    grep -q "id=\"$id\"" page.html || fail "no section $id"
done
tail -n 1 page.html | grep -q '</html>' || fail "the page does not end"

if command -v gnuplot >/dev/null; then
    [ "$(grep -c '<figure ' page.html)" = "$(ls out/*.svg | wc -l)" ] || fail "figures are missing"
    grep -q '<?xml' page.html && fail "an XML declaration within the page"
    ls out/*.png out/*.pdf 2>/dev/null && fail "formats that were not asked for"
fi

# models against each other, what was required, and a first line of one's own
"$kaon" eval "$models/btag_gn2/model.onnx" hostile/model.onnx --data "$models/jets/jets.h5" \
    --limit 3000 --report two.html --label 'Own <sample>' --require 'auc_c > 0.99' -q > /dev/null 2>&1
[ $? = 5 ] || fail "a requirement that is not met"
grep -q 'D_b: SmallKaon over GN2kaon' two.html || fail "no comparison"
grep -q 'GN2kaon: auc_c &gt; 0.99 is not met: it is 0\.' two.html || fail "no requirement"
grep -q 'Own &lt;sample&gt;' two.html || fail "no label"
grep -q 'Simulation' two.html && fail "the label is not everywhere"

# kinds of figures
"$kaon" eval hostile/model.onnx --data "$models/jets/jets.h5" --limit 3000 --out some \
    --plots roc,confusion --plot-formats png -q > /dev/null || fail "no figures"
[ "$(ls some/*.csv | tr '\n' ' ')" = "some/auc_SmallKaon.csv some/confusion_SmallKaon.csv some/roc_D_b.csv some/roc_D_c.csv " ] ||
    fail "other figures: $(ls some)"
"$kaon" eval hostile/model.onnx --plots rok -q > out.txt 2> err.txt
[ $? = 2 ] && grep -q 'did you mean "roc"' err.txt || fail "a kind that there is not: $(cat err.txt)"

# what is there stays, and that is said before the run
cp page.html before.html
"$kaon" eval hostile/model.onnx --data "$models/jets/jets.h5" --limit 100 --report page.html -q \
    > out.txt 2> err.txt
[ $? = 2 ] && grep -q 'page.html: exists; --force replaces it' err.txt || fail "replaced: $(cat err.txt)"
cmp -s page.html before.html || fail "the page changed"
[ ! -s out.txt ] || fail "it ran first"
