# Runs a step's command ("$0" "$@") on the host as GitHub's runner does: nothing to read, and a pipe to write to.
# act gives it a terminal: a question would wait there for ever, and programs would start pagers and draw.

export RUNNER_WORKSPACE="${GITHUB_WORKSPACE%/*}" # known here alone
[ -n "$DOCKER_HOST" ] || unset DOCKER_HOST # act names an engine, or none, that nobody asked for

beside=${MLOPS_DRYRUN_CONTEXT%/*}
word=$(printf %s $$ | tr 0-9 a-j)
pipe=$beside/pipe-$word

# The reader outlives the step where what it left running goes on writing, also when nobody listens any more.
mkfifo "$pipe" || exit
{ trap "" HUP PIPE; cat; cat >/dev/null; } <"$pipe" 2>/dev/null &
reader=$!
# A session of its own, where there is a program for that: no /dev/tty to ask on, and what it leaves running is not
# ended by the terminal's end.
session=$(command -v setsid)
$session "$0" "$@" </dev/null >"$pipe" 2>&1
status=$?
tries=0
while kill -0 $reader 2>/dev/null && [ $tries -lt 50 ]; do
  tries=$((tries + 1))
  sleep 0.02
done
rm -f "$pipe"

# act stops reading as soon as a step has failed, so a step that fails waits until its last words have been read:
# the dry run sees the line and makes the file.
if [ $status -ne 0 ]; then
  read=$beside/read-$word
  rm -f "$read"
  printf '%s\n' "mlops-dry-run-read-$word"
  tries=0
  while [ ! -e "$read" ] && [ $tries -lt 1500 ]; do
    tries=$((tries + 1))
    sleep 0.02
  done
fi
exit $status
