#!/bin/sh
# append.sh run|verify NODE NODES DIR: every node appends lines to a file of its own on the shared file
# system, and then must see those of all nodes, whole. (Not one file for all: two nodes that append to it
# at one time may get the same end of file from GFS2.) Runs in the nodes' busybox shell. ROUNDS says how
# many lines each node appends.
what=$1 node=$2 nodes=$3 dir=$4

# Exit status 1, and a line that is kept with the results.
wrong() {
  echo "append.sh: $*"
  exit 1
}

run() {
  # The programs start together anyway; a barrier makes them meet again, after work of their own.
  gridlock-barrier begin || exit 1
  round=1
  while [ $round -le "$ROUNDS" ]; do
    echo "node$node line $round" >> "$dir/node$node" || wrong "cannot append to $dir/node$node"
    # Progress, so that standing still is noticed while it happens; it may be left out.
    echo "gridlock {\"operations\":$round}"
    round=$((round + 1))
  done
  # Who waits for the others does not stand still.
  echo "gridlock {\"operations\":$ROUNDS,\"ended\":true}"
  gridlock-barrier written || exit 1
  verify
  echo "gridlock {\"result\":{\"operations\":$ROUNDS}}"
}

# Every node must see every line of every node, whole.
verify() {
  other=1
  while [ $other -le "$nodes" ]; do
    lines=$(busybox grep -c "^node$other line [0-9]*$" "$dir/node$other")
    [ "$lines" = "$ROUNDS" ] || wrong "node$node sees ${lines:-no} lines of node$other, not $ROUNDS"
    other=$((other + 1))
  done
}

$what
