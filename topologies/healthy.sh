#!/bin/sh
# healthy.sh WHAT NODE DIR: what a healthy cluster does that looks like a hang from outside. Runs for TIME
# seconds in the nodes' busybox shell and counts what it did.
what=$1 node=$2 dir=$3
end=$(($(busybox date +%s) + TIME))
done=0

wrong() {
  echo "healthy.sh: $*"
  exit 1
}
count() {
  done=$((done + 1))
  echo "gridlock {\"operations\":$done}"
}
goes_on() { [ "$(busybox date +%s)" -lt "$end" ]; }

# Computes nothing and asks for nothing most of the time.
slow() {
  while goes_on; do
    echo "node$node $done" > "$dir/slow.$node" || wrong "cannot write"
    count
    busybox sleep 13
  done
}

# Reads and writes past the cache on a node whose processor is wanted by six others.
busy() {
  hogs=
  for hog in 1 2 3 4 5 6; do
    while :; do :; done &
    hogs="$hogs $!"
  done
  while goes_on; do
    busybox dd if=/dev/zero of="$dir/busy.$node" bs=1M count=4 conv=fsync 2>/dev/null || wrong "dd failed"
    count
  done
  kill $hogs
}

# Much dirty data behind one fsync.
sync_much() {
  while goes_on; do
    busybox dd if=/dev/zero of="$dir/sync.$node" bs=1M count=192 conv=fsync 2>/dev/null || wrong "dd failed"
    count
    rm -f "$dir/sync.$node"
  done
}

# One node leaves the lockspace and comes again, which the DLM recovers from on all; the other's work
# waits for each recovery. Journals are recovered when it mounts.
recovery() {
  if [ "$node" = 1 ]; then
    while goes_on; do
      echo "$done" > "$dir/recovery" || wrong "cannot write"
      busybox sync
      count
      busybox usleep 100000
    done
    return
  fi
  mount=$(busybox awk '$3 == "gfs2" { print $2 }' /proc/mounts)
  device=$(busybox awk '$3 == "gfs2" { print $1 }' /proc/mounts)
  cd /
  while goes_on; do
    busybox umount "$mount" || wrong "cannot unmount $mount"
    busybox usleep 500000
    tries=0
    until busybox mount -t gfs2 -o noatime "$device" "$mount"; do
      tries=$((tries + 1))
      [ $tries -lt 20 ] || wrong "cannot mount $device again"
      busybox sleep 1
    done
    count
    busybox sleep 3
  done
}

$what
echo "gridlock {\"result\":{\"operations\":$done}}"
