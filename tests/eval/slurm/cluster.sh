# A Slurm of one node in a folder of its own, read by the shells that use it: cluster_start FOLDER and
# cluster_stop. Needs root, munge and slurm-wlm. The words of its daemons are in FOLDER/*.log.
cluster_pids=

# cluster_daemon NAME COMMAND...: in the background, to be ended by cluster_stop
cluster_daemon() {
    name=$1; shift
    "$@" >"$cluster/$name.out" 2>&1 &
    cluster_pids="$! $cluster_pids"
}

# cluster_wait SECONDS COMMAND...: until the command succeeds
cluster_wait() {
    tries=$(($1 * 5)); shift
    until "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || return 1
        sleep 0.2
    done
}

cluster_start() {
    cluster=$1
    host=$(hostname -s)
    mkdir -p "$cluster/state" "$cluster/spool" || return 1
    head -c 1024 /dev/urandom >"$cluster/munge.key"
    chmod 400 "$cluster/munge.key"
    # ports that nobody else is likely to have, and those of a second run beside this one do not
    port=$((20000 + $$ % 20000))
    cat >"$cluster/slurm.conf" <<CONF
ClusterName=kaon
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$cluster/munge.socket
CredType=cred/munge
SlurmctldPort=$port
SlurmdPort=$((port + 1))
StateSaveLocation=$cluster/state
SlurmdSpoolDir=$cluster/spool
SlurmctldPidFile=$cluster/slurmctld.pid
SlurmdPidFile=$cluster/slurmd.pid
SlurmctldLogFile=$cluster/slurmctld.log
SlurmdLogFile=$cluster/slurmd.log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
ReturnToService=2
SchedulerParameters=sched_interval=2,requeue_setup_env_fail
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MinJobAge=600
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
    export SLURM_CONF="$cluster/slurm.conf"
    cluster_daemon munged munged --foreground --force --socket="$cluster/munge.socket" \
        --key-file="$cluster/munge.key" --pid-file="$cluster/munged.pid" \
        --log-file="$cluster/munged.log" --seed-file="$cluster/munged.seed" --num-threads=2
    cluster_wait 10 test -S "$cluster/munge.socket" || return 1
    cluster_daemon slurmctld slurmctld -D -i
    cluster_wait 20 sinfo || return 1
    cluster_daemon slurmd slurmd -D -N "$host"
    cluster_wait 30 sh -c 'sinfo -h -o %t | grep -q idle'
}

cluster_stop() {
    for pid in $cluster_pids; do
        kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
    done
    cluster_pids=
}
