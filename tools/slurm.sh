#!/bin/sh
# A SLURM of one machine, to try runs on a batch system: installs Debian's slurm-wlm, starts it
# with plain settings (no systemd, no cgroups: it runs in a container), and has it work on a sweep.
#
#   sudo tools/slurm.sh start    install and start munged, slurmctld and slurmd
#   sudo tools/slurm.sh try      a sweep over three seeds through dask-jobqueue's SLURMCluster
#   sudo tools/slurm.sh stop     end the daemons
#
# It changes /etc/slurm and /var/spool/slurm*: meant for a machine that has no SLURM of its own.
set -eu
cd "$(dirname "$0")/.."
spool=/var/spool/slurm-via-obscura
node=$(hostname -s)
python=$PWD/.venv/bin/python

running() { pgrep -x "$1" >/dev/null 2>&1; }

install_slurm() {
    command -v slurmctld >/dev/null && command -v slurmd >/dev/null && command -v munged >/dev/null && return
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends slurm-wlm munge
}

configure() {
    [ ! -e /etc/slurm/slurm.conf ] || grep -q via-obscura /etc/slurm/slurm.conf || {
        echo "error: /etc/slurm/slurm.conf is somebody else's; this is for a machine without SLURM" >&2
        exit 1
    }
    mkdir -p /etc/slurm "$spool/ctld" "$spool/d" /run/munge /var/log/munge /var/lib/munge
    cpus=$(nproc)
    memory=$(awk '/MemTotal/ {print int($2 / 1024 * 0.9)}' /proc/meminfo)
    cat >/etc/slurm/slurm.conf <<CONF
# Written by tools/slurm.sh
ClusterName=via-obscura
SlurmctldHost=$node(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CryptoType=crypto/munge
# Containers have neither systemd nor writable cgroups: processes are followed by their parents.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
MpiDefault=none
ReturnToService=2
SwitchType=switch/none
SlurmctldPidFile=$spool/slurmctld.pid
SlurmdPidFile=$spool/slurmd.pid
SlurmctldLogFile=$spool/slurmctld.log
SlurmdLogFile=$spool/slurmd.log
StateSaveLocation=$spool/ctld
SlurmdSpoolDir=$spool/d
SchedulerType=sched/backfill
NodeName=$node NodeAddr=127.0.0.1 CPUs=$cpus RealMemory=$memory State=UNKNOWN
PartitionName=main Nodes=$node Default=YES MaxTime=INFINITE State=UP OverSubscribe=FORCE:4
CONF
    [ -s /etc/munge/munge.key ] || {
        dd if=/dev/urandom of=/etc/munge/munge.key bs=1 count=1024 status=none
        chmod 400 /etc/munge/munge.key
    }
    chown -R munge:munge /etc/munge /run/munge /var/log/munge /var/lib/munge
    chmod 755 /run/munge
}

start() {
    install_slurm
    configure
    running munged || su munge -s /bin/sh -c "/usr/sbin/munged"
    running slurmctld || slurmctld
    running slurmd || slurmd
    for _ in $(seq 60); do
        sinfo -h -o %T 2>/dev/null | grep -Eq 'idle|mix|alloc' && { sinfo; return; }
        sleep 0.5
    done
    echo "error: the node does not become idle; see $spool/slurmd.log" >&2
    sinfo || true
    exit 1
}

try() {
    home=$(mktemp -d)
    cat >"$home/configuration.toml" <<CONF
[cluster]
kind = "slurm"
queue = "main"
workers = 2
cores = 1
memory_gb = 3
walltime = "01:00:00"
CONF
    via() { "$python" -m dashboard "$@" --home "$home"; }
    via mock galaxy --stars 30000 --seed 1 --name trial
    # Maps as small as they can be: what matters here is who works on them.
    via map trial --sweep seed --values 1 2 3 --threads 1 --set members=2 --set velocities=64 \
        --set position_epochs=1 --set velocity_epochs=1 --set spacing=2 --set z_cells=5 \
        --set position_hidden=16 --set velocity_hidden=16
    for _ in $(seq 200); do
        via --json runs | grep -Eq '"state": "(queued|running)"' || break
        squeue
        sleep 5
    done
    via cluster show
    via runs
    via runs show "$(via --json runs | grep -o '"run": "[^"]*"' | head -1 | cut -d'"' -f4)" |
        grep -E '^(executor|holder|task|host|state|attempt)'
    sacct 2>/dev/null || scontrol show jobs | grep -E 'JobId|JobState|Command'
    via cluster stop
    echo "Everything is in $home."
}

stop() {
    scancel --user=root 2>/dev/null || true
    for name in slurmd slurmctld; do
        [ ! -s "$spool/$name.pid" ] || kill "$(cat "$spool/$name.pid")" 2>/dev/null || true
    done
    [ ! -s /run/munge/munged.pid ] || kill "$(cat /run/munge/munged.pid)" 2>/dev/null || true
}

case "${1:-}" in
start | try | stop) "$1" ;;
*)
    sed -n '2,9s/^# \{0,1\}//p' "$0"
    exit 2
    ;;
esac
