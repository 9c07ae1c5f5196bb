/* SPDX-License-Identifier: BSD-3-Clause
 *
 * options: what the user asked for, after the command line, the MUSTER_* variables and the configuration file.
 * Filled by options_parse (opt*.c, from the one table opt.def), read by everything else in launcher. Plain data:
 * all strings and arrays belong to the struct and live until options_fini. A field that was not given holds the
 * value in its comment.
 */
#ifndef LAUNCHER_OPTIONS_H
#define LAUNCHER_OPTIONS_H

#include "common/err.h"
#include "common/hostlist.h"
#include "common/log.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum env_mode { ENV_UNSET, ENV_ALL, ENV_NONE, ENV_LIST };

/* Which of mpiexec's variables go to the ranks, and what is set on top. */
struct env_rules {
    enum env_mode mode; /* ENV_UNSET: the global rules speak; they in turn default to ENV_ALL */
    char **names;       /* ENV_LIST: the names passed on */
    size_t nnames;
    char **set; /* "NAME=VALUE", later ones win (-env, -genv, -x NAME=VALUE) */
    size_t nset;
    char **templates; /* "NAME=TEMPLATE" with {rank} and the like (--env-template, --env-dialect) */
    size_t ntemplates;
};

/* One application: the text between two colons, or one line of a -configfile. */
struct app {
    char **argv; /* NULL-terminated; argv[0] as typed */
    size_t argc;
    long np; /* -1: not given */
    struct env_rules env;
    char *wdir;         /* NULL: mpiexec's directory */
    char *path;         /* NULL: the PATH of the rank's environment; else directories to search for argv[0] */
    int umask;          /* -1: inherited */
    char *hosts;        /* NULL: all hosts of the job; else a host list, of this application alone */
    bool arg_templates; /* expand {rank} ... in argv (--arg-template) */
    char *where;        /* for messages: "command line" or "FILE:LINE" */
};

enum stdin_mode { STDIN_RANKS, STDIN_ALL, STDIN_NONE };

enum display { DISPLAY_MAP = 1, DISPLAY_BINDINGS = 2, DISPLAY_TOPO = 4, DISPLAY_ALLOCATION = 8 };

struct options {
    struct app *apps; /* at least one, unless only help was asked for */
    size_t napps;
    struct env_rules genv;

    /* hosts */
    char *hosts;          /* NULL, or the text of --hosts: "a,b:4,n[01-16]:8" (use options_hosts) */
    char *hostfile;       /* NULL, or a file name (use options_hosts) */
    char *launcher;       /* NULL: as the allocation is reached, or ssh; else its name */
    char *rmk;            /* NULL: every resource manager is looked for; else its name, or "none" */
    char *launcher_exec;  /* NULL, or the program that stands for ssh or rsh */
    char **launcher_args; /* NULL, or words for that program; NULL-terminated */
    char *iface;          /* NULL, or the interface or address where proxies connect back to */
    char *interface;      /* NULL, or that over which ranks of different hosts talk: a name, a network or an address */
    unsigned port_low;    /* ports for both; 0: any */
    unsigned port_high;
    bool back_typed;        /* iface stands on the command line */
    double connect_timeout; /* seconds that a host may take to answer */
    bool stage,
        no_stage;       /* files that hosts lack are copied: by content; never. Neither: where there is no such file */
    char *stage_files;  /* NULL or a list of file names: copied as well */
    bool launcher_tree; /* hosts start others */
    long min_hosts;     /* the job starts with so many, whatever others there should be; 0: with all */
    double heartbeat;   /* seconds of silence after which a host is taken for lost; 0: never; -1: not given */
    long radix;         /* children of one proxy in the control tree; 0: chosen by mpiexec */
    long ppn;           /* ranks per node; 0: not given */

    /* mapping and binding: the user's words, parsed by map/ */
    char *map_by;       /* NULL or "slot", "core:2", ... */
    char *rank_by;      /* NULL or "slot", "node", ... */
    char *bind_to;      /* NULL or "core", "none", "user:0+2,1+3", ... */
    long cpus_per_rank; /* 0: not given */
    char *rankmap;      /* NULL or "0,0,1,1", "(vector,(0,4,16))" */
    char *rankfile;     /* NULL or a file name */
    char *cpu_set;      /* NULL, or the processors of this machine that may be used */
    bool multi_prog;    /* the program is a file of srun's --multi-prog; gone into apps after options_parse */
    char *pmi;          /* NULL: as the program needs; else the word of --pmi, checked */
    bool no_oversubscribe;
    long usize; /* universe size: -1 not given (the slots of all hosts), -2 infinite, else the number */

    char *psets;        /* NULL, or "NAME=LIST;NAME=LIST", its syntax checked */
    char *memory_kinds; /* NULL, or the user's list */

    unsigned display; /* enum display, or-ed */
    bool dry_run;
    bool names_json;    /* with OPTIONS_NAMES: for programs */
    char *names_server; /* NULL: names are in the directory of this user; else "host:port[,host:port...]" of
                           muster-names */
    char *names_key;    /* NULL: the default file */
    bool explain;       /* tell what the programs are, and start nothing */

    /* standard I/O */
    bool label;
    char *label_pattern;   /* NULL, or with {rank} {host} {time} ...; NULL with label set: "[{rank}] " */
    char *output_dir;      /* NULL or a directory: one file per rank and stream */
    char *outfile_pattern; /* NULL or a file name pattern: %r rank, %h host, ... */
    char *errfile_pattern;
    bool tee; /* with files: to the terminal as well */
    bool merge_stderr;
    bool collapse;
    enum stdin_mode stdin_mode;
    char *stdin_ranks; /* STDIN_RANKS: "0", "0-3,7" */
    long pty;          /* the rank that works in a terminal; -1: none */
    bool line_buffered;

    /* life and death */
    double kill_timeout; /* seconds between SIGTERM and SIGKILL */
    bool no_kill;
    double timeout;        /* seconds for the whole job; 0: none */
    double watch;          /* seconds between tables; 0: none */
    char *report;          /* NULL or a file name, "-" for stdout */
    long verbose;          /* 1: decisions; 2: control messages as well */
    bool quiet;            /* nothing is said but failures */
    bool print_exit_codes; /* of each rank, at the end */
};

enum options_result {
    OPTIONS_RUN,   /* o is filled: start the job */
    OPTIONS_NAMES, /* what is published is to be listed */
    OPTIONS_DONE,  /* help or version was printed: exit 0 */
    OPTIONS_ERROR, /* e says what is wrong, in lines for the user */
};

/* argv as main gets it; warns on stderr of what cannot have been meant; env is the environment to read MUSTER_* and
 * HOME from. Reads the configuration file and the files that the options name (-configfile). o needs options_fini after
 * every result. */
enum options_result options_parse(struct options *o, int argc, char **argv, char **env, struct err *e);
void options_fini(struct options *o);

enum log_level options_loud(const struct options *o);

/* The parts, for those that fill them. A copy owns its strings; the program itself (argv, where) is not copied. */
void options_init(struct options *o);
void app_init(struct app *a);
void app_copy(struct app *to, const struct app *from);
void app_fini(struct app *a);
void env_rules_fini(struct env_rules *r);

/* The hosts of the job, into an empty list: of the host file, narrowed to those of --hosts where both are given;
 * with neither, those of all applications (a host's slots being the most that one of them gives it). l stays empty
 * when no host was named at all: the job then runs on this machine alone. An application's own hosts (app.hosts, to
 * be read by hostlist_parse) are checked to be among them. */
int options_hosts(const struct options *o, struct hostlist *l, struct err *e);

#endif
