# What the runs of the program share, read by the shells that make them: a folder of their own to be in,
# and expect. bad is 1 after a failure.
bad=0
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1

# expect STATUS PART COMMAND...: the command ends with STATUS and its words, on either stream,
# hold PART.
expect() {
    want=$1 part=$2
    shift 2
    "$@" >out 2>err
    got=$?
    if [ $got -ne "$want" ]; then
        echo "FAILED: $* ended with $got, wanted $want:"
        cat err
        bad=1
    elif ! cat out err | grep -qF -e "$part"; then
        echo "FAILED: $* does not say \"$part\" but:"
        cat out err
        bad=1
    fi
}
