/* System V semaphores and message queues. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/syscall.h>

#include "suite.h"

#ifndef MSG_COPY
#define MSG_COPY 040000 /* musl has no name for it */
#endif

enum { NOBODY = 65534, LARGE = 8192 };

union semun_ {
	int val;
	struct semid_ds *buf;
	unsigned short *array;
	struct seminfo *info;
};

static int semctl_(int id, int number, int command, void *arg)
{
	return semctl(id, number, command, (union semun_){ .array = arg });
}

/* Act as somebody else, and as root again; uid 0 keeps its capabilities for later. */
static void become(unsigned uid)
{
	syscall(SYS_setresuid, -1, uid, -1);
}

static void on_signal(int sig)
{
	(void)sig;
}

/* Interrupt a thread's wait until it has returned. */
static void interrupt(pthread_t t, volatile bool *done)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

	sigaction(SIGUSR1, &sa, NULL);
	for (int i = 0; i < 1000 && !*done; i++) {
		pthread_kill(t, SIGUSR1);
		sleep_ms(5);
	}
}

struct job {
	int id;
	struct sembuf ops[2];
	unsigned count;
	volatile bool done;
	int result, error;
};

static void *operate(void *arg)
{
	struct job *j = arg;

	j->result = semop(j->id, j->ops, j->count);
	j->error = errno;
	j->done = true;
	return NULL;
}

/* Wait until @n threads wait for semaphore @number to grow. */
static bool waiters(int id, int number, int command, int n)
{
	for (int i = 0; i < 2000; i++) {
		if (semctl(id, number, command) == n)
			return true;
		sleep_ms(5);
	}
	return false;
}

static void semaphores_wait(int id)
{
	struct job take = { .id = id, .ops = { { 0, -2, 0 } }, .count = 1 };
	struct job zero = { .id = id, .ops = { { 1, 0, 0 }, { 2, 1, 0 } }, .count = 2 };
	struct job stopped = { .id = id, .ops = { { 0, -5, 0 } }, .count = 1 }, last = stopped;
	struct sembuf give = { 0, 1, 0 }, down = { 1, -1, 0 };
	struct timespec soon = { 0, 20000000 }, bad = { 0, -1 };
	pthread_t a, b;

	semctl_(id, 0, SETALL, (unsigned short[]){ 0, 1, 0 });
	pthread_create(&a, NULL, operate, &take);
	pthread_create(&b, NULL, operate, &zero);
	ok(waiters(id, 0, GETNCNT, 1) && waiters(id, 1, GETZCNT, 1), "one waits for more, one for zero");
	is(semop(id, &give, 1), 0, "one is not enough");
	ok(waiters(id, 0, GETNCNT, 1) && !take.done, "it waits on");
	is(semop(id, &give, 1), 0, "two are");
	pthread_join(a, NULL);
	ok(take.result == 0 && semctl(id, 0, GETVAL) == 0, "taken");
	is(semop(id, &down, 1), 0, "down to zero");
	pthread_join(b, NULL);
	ok(zero.result == 0 && semctl(id, 2, GETVAL) == 1, "what waited for zero went on, and did the rest");
	is(semctl(id, 2, GETPID), getpid(), "GETPID");
	fails(syscall(SYS_semtimedop, id, &stopped.ops, 1, &soon), EAGAIN, "a time-out");
	fails(syscall(SYS_semtimedop, id, &stopped.ops, 1, &bad), EINVAL, "an impossible one");
	fails(syscall(SYS_semtimedop, id, &stopped.ops, 1, 8), EFAULT, "one that is not there");
	pthread_create(&a, NULL, operate, &stopped);
	waiters(id, 0, GETNCNT, 1);
	interrupt(a, &stopped.done);
	pthread_join(a, NULL);
	ok(stopped.result == -1 && stopped.error == EINTR, "a signal ends it, SA_RESTART or not");
	is(semctl(id, 0, GETNCNT), 0, "nobody waits any more");
	pthread_create(&a, NULL, operate, &last);
	waiters(id, 0, GETNCNT, 1);
	is(semctl(id, 0, IPC_RMID), 0, "IPC_RMID");
	pthread_join(a, NULL);
	ok(last.result == -1 && last.error == EIDRM, "EIDRM for who waited");
}

static void semaphores_refused(int id, int key)
{
	struct sembuf many[501] = { { 0, 0, IPC_NOWAIT } }, op = { 0, -1, IPC_NOWAIT }, two[2] = { { 1, 1, 0 }, { 0, -1, IPC_NOWAIT } };
	unsigned short values[3] = { 0, 40000, 0 };

	fails(semop(id, &op, 1), EAGAIN, "IPC_NOWAIT");
	fails(semop(id, two, 2), EAGAIN, "the second of two");
	is(semctl(id, 1, GETVAL), 0, "then the first is not done either");
	op = (struct sembuf){ 3, 1, 0 };
	fails(semop(id, &op, 1), EFBIG, "no such semaphore");
	op = (struct sembuf){ 0, 32767, 0 };
	semctl(id, 0, SETVAL, 1);
	fails(semop(id, &op, 1), ERANGE, "too large a value");
	semctl(id, 0, SETVAL, 0);
	fails(semop(id, many, 0), EINVAL, "no operation");
	fails(semop(id, many, 501), E2BIG, "too many");
	is(semop(id, many, 500), 0, "as many as may be");
	fails(semop(-1, many, 1), EINVAL, "no such set");
	fails(semop(0x7ffffff0, many, 1), EINVAL, "none with this id");
	fails(syscall(SYS_semop, id, 8, 1), EFAULT, "no operations there");
	fails(semget(key, 4, 0600), EINVAL, "the set is not that large");
	fails(semget(key, 3, IPC_CREAT | IPC_EXCL | 0600), EEXIST, "IPC_EXCL");
	fails(semget(key + 1, 3, 0600), ENOENT, "no set has that key");
	fails(semget(IPC_PRIVATE, 0, 0600), EINVAL, "none without semaphores");
	fails(semget(IPC_PRIVATE, 32001, 0600), EINVAL, "nor with that many");
	fails(semget(IPC_PRIVATE, -1, 0600), EINVAL, "nor with fewer than none");
	fails(semctl(id, 3, GETVAL), EINVAL, "GETVAL of none");
	fails(semctl(id, 3, SETVAL, 1), EINVAL, "SETVAL of none");
	fails(semctl(id, 0, SETVAL, 32768), ERANGE, "SETVAL of too much");
	fails(semctl_(id, 0, SETALL, values), ERANGE, "SETALL of too much");
	fails(semctl_(id, 0, SETALL, (void *)8), EFAULT, "SETALL from nowhere");
	fails(semctl_(id, 0, GETALL, (void *)8), EFAULT, "GETALL to nowhere");
	fails(syscall(SYS_semctl, id, 0, IPC_STAT, 8), EFAULT, "IPC_STAT to nowhere");
	fails(syscall(SYS_semctl, id, 0, IPC_SET, 8), EFAULT, "IPC_SET from nowhere");
	fails(semctl_(id, 0, IPC_INFO, (void *)8), EFAULT, "IPC_INFO to nowhere");
	fails(semctl(id, 0, 99), EINVAL, "no such command");
	fails(semctl(-1, 0, IPC_RMID), EINVAL, "no such set to remove");
	fails(semctl_(0x7ffffff0, 0, GETALL, values), EINVAL, "no such set to read");
	become(NOBODY);
	op = (struct sembuf){ 0, 1, 0 };
	fails(semop(id, &op, 1), EACCES, "somebody else may not change it");
	fails(semget(key, 1, 0600), EACCES, "nor find it");
	fails(semctl(id, 0, GETVAL), EACCES, "nor read it");
	fails(semctl_(id, 0, GETALL, values), EACCES, "nor all of it");
	fails(semctl(id, 0, SETVAL, 1), EACCES, "nor set it");
	fails(semctl(id, 0, IPC_RMID), EPERM, "nor remove it");
	become(0);
}

static void semaphores(void)
{
	int key = 0x58000000 + getpid(), id = semget(key, 3, IPC_CREAT | IPC_EXCL | 0600), highest, index;
	unsigned short values[3] = { 7, 8, 9 };
	struct sembuf ops[2] = { { 0, -7, SEM_UNDO }, { 1, 2, 0 } };
	struct semid_ds ds;
	struct seminfo info;

	if (!ok(id >= 0, "semget"))
		return;
	is(semget(key, 0, 0600), id, "found by key");
	ok(semctl_(id, 0, IPC_STAT, &ds) == 0 && ds.sem_nsems == 3 && ds.sem_otime == 0 && ds.sem_ctime > 1000000000 &&
	   (ds.sem_perm.mode & 0777) == 0600, "IPC_STAT");
	ok(semctl(id, 0, GETVAL) == 0 && semctl(id, 2, GETVAL) == 0, "zero at first");
	is(semctl_(id, 0, SETALL, values), 0, "SETALL");
	is(semop(id, ops, 2), 0, "two at once");
	ok(semctl_(id, 0, GETALL, values) == 0 && values[0] == 0 && values[1] == 10 && values[2] == 9, "GETALL");
	ok(semctl_(id, 0, IPC_STAT, &ds) == 0 && ds.sem_otime > 1000000000, "the time of it");
	is(semctl(id, 1, SETVAL, 0), 0, "SETVAL");
	ds.sem_perm.mode = 0640;
	ok(semctl_(id, 0, IPC_SET, &ds) == 0 && semctl_(id, 0, IPC_STAT, &ds) == 0 && (ds.sem_perm.mode & 0777) == 0640, "IPC_SET");
	ds.sem_perm.mode = 0600;
	semctl_(id, 0, IPC_SET, &ds);
	highest = semctl_(id, 0, SEM_INFO, &info);
	ok(highest >= 0 && info.semusz >= 1 && info.semaem >= 3 && info.semvmx == 32767, "SEM_INFO");
	ok(semctl_(id, 0, IPC_INFO, &info) == highest && info.semmsl == 32000 && info.semopm == 500, "IPC_INFO");
	for (index = 0; index <= highest && semctl_(index, 0, SEM_STAT, &ds) != id; index++)
		;
	ok(index <= highest && ds.sem_nsems == 3, "SEM_STAT finds it");
	semaphores_refused(id, key);
	semaphores_wait(id);
	fails(semctl(id, 0, GETVAL), EINVAL, "it is gone");
}

struct text {
	long type;
	char text[LARGE + 1];
};

struct exchange {
	int id;
	struct text message;
	long size, type;
	volatile bool done;
	int error;
};

static void *receive(void *arg)
{
	struct exchange *e = arg;

	e->size = msgrcv(e->id, &e->message, LARGE, e->type, 0);
	e->error = errno;
	e->done = true;
	return NULL;
}

static void *send_large(void *arg)
{
	struct exchange *e = arg;

	e->message.type = 1;
	e->size = msgsnd(e->id, &e->message, LARGE, 0);
	e->error = errno;
	e->done = true;
	return NULL;
}

static struct text message;

static long take(int id, size_t size, long type, int flags)
{
	memset(&message, 0, sizeof(message));
	return msgrcv(id, &message, size, type, flags);
}

static void put(int id, long type, const char *text)
{
	message.type = type;
	strcpy(message.text, text);
	is(msgsnd(id, &message, strlen(text), 0), 0, "msgsnd %s", text);
}

static void queue_waits(int id)
{
	static struct exchange first, second, third, fourth;
	pthread_t a, b;

	first = (struct exchange){ .id = id, .type = 5 };
	second = (struct exchange){ .id = id, .type = 0 };
	pthread_create(&a, NULL, receive, &first);
	sleep_ms(20);
	put(id, 4, "not for it");
	ok(!first.done, "one waits for another type");
	put(id, 5, "five");
	pthread_join(a, NULL);
	ok(first.size == 4 && !memcmp(first.message.text, "five", 4) && first.message.type == 5, "woken by its own");
	is(take(id, 100, 0, 0), 10, "the other is there still");

	message.type = 1;
	is(msgsnd(id, &message, LARGE, 0), 0, "half of what fits");
	is(msgsnd(id, &message, LARGE, 0), 0, "the other half");
	fails(msgsnd(id, &message, 1, IPC_NOWAIT), EAGAIN, "full");
	third = (struct exchange){ .id = id };
	pthread_create(&b, NULL, send_large, &third);
	sleep_ms(20);
	ok(!third.done, "a sender waits");
	is(take(id, LARGE, 0, 0), LARGE, "room is made");
	pthread_join(b, NULL);
	is(third.size, 0, "it was sent");
	fourth = (struct exchange){ .id = id };
	pthread_create(&b, NULL, send_large, &fourth);
	sleep_ms(20);
	interrupt(b, &fourth.done);
	pthread_join(b, NULL);
	ok(fourth.size == -1 && fourth.error == EINTR, "a signal ends a sender's wait");
	take(id, LARGE, 0, 0);
	take(id, LARGE, 0, 0);
	first = (struct exchange){ .id = id };
	pthread_create(&a, NULL, receive, &first);
	sleep_ms(20);
	interrupt(a, &first.done);
	pthread_join(a, NULL);
	ok(first.size == -1 && first.error == EINTR, "and a receiver's");
	pthread_create(&a, NULL, receive, &second);
	sleep_ms(20);
	is(msgctl(id, IPC_RMID, NULL), 0, "IPC_RMID");
	pthread_join(a, NULL);
	ok(second.size == -1 && (second.error == EIDRM || second.error == EINVAL), "told to who waits");
}

static void queue_refused(int id, int key)
{
	struct msqid_ds ds;

	fails(take(id, 100, 0, IPC_NOWAIT), ENOMSG, "nothing there");
	message.type = 0;
	fails(msgsnd(id, &message, 1, 0), EINVAL, "type 0");
	message.type = 1;
	fails(msgsnd(id, &message, LARGE + 1, 0), EINVAL, "too large");
	fails(msgsnd(-1, &message, 1, 0), EINVAL, "no such queue");
	fails(msgsnd(0x7ffffff0, &message, 1, 0), EINVAL, "none with this id");
	fails(syscall(SYS_msgsnd, id, 8, 1, 0), EFAULT, "from nowhere");
	fails(take(id, (size_t)-1, 0, 0), EINVAL, "a negative size");
	fails(take(0x7ffffff0, 1, 0, 0), EINVAL, "none to receive from");
	fails(take(id, 1, 0, MSG_COPY), EINVAL, "MSG_COPY wants IPC_NOWAIT");
	fails(take(id, 1, 0, MSG_COPY | MSG_EXCEPT | IPC_NOWAIT), EINVAL, "and not MSG_EXCEPT");
	put(id, 1, "lost");
	fails(syscall(SYS_msgrcv, id, 8, 100, 0, 0), EFAULT, "to nowhere");
	fails(msgget(key, IPC_CREAT | IPC_EXCL), EEXIST, "IPC_EXCL");
	fails(msgget(key + 1, 0), ENOENT, "no queue has that key");
	fails(msgctl(id, 99, NULL), EINVAL, "no such command");
	fails(msgctl(-1, IPC_RMID, NULL), EINVAL, "no such queue to remove");
	fails(msgctl(0x7ffffff0, IPC_RMID, NULL), EINVAL, "nor with this id");
	fails(syscall(SYS_msgctl, id, IPC_STAT, 8), EFAULT, "IPC_STAT to nowhere");
	fails(syscall(SYS_msgctl, id, IPC_SET, 8), EFAULT, "IPC_SET from nowhere");
	fails(syscall(SYS_msgctl, id, IPC_INFO, 8), EFAULT, "IPC_INFO to nowhere");
	is(msgctl(id, IPC_STAT, &ds), 0, "as it is");
	become(NOBODY);
	message.type = 1;
	fails(msgsnd(id, &message, 1, 0), EACCES, "somebody else may not send");
	fails(take(id, 1, 0, IPC_NOWAIT), EACCES, "nor receive");
	fails(msgget(key, 0600), EACCES, "nor find it");
	fails(msgctl(id, IPC_STAT, &ds), EACCES, "nor look");
	fails(msgctl(id, IPC_SET, &ds), EPERM, "nor change it");
	fails(msgctl(id, IPC_RMID, NULL), EPERM, "nor remove it");
	become(0);
}

static void queues(void)
{
	int key = 0x59000000 + getpid(), id = msgget(key, IPC_CREAT | IPC_EXCL | 0600), highest;
	struct msqid_ds ds;
	struct msginfo info;

	if (!ok(id >= 0, "msgget"))
		return;
	is(msgget(key, 0600), id, "found by key");
	put(id, 3, "three");
	put(id, 2, "two");
	put(id, 7, "seven");
	put(id, 2, "again");
	ok(msgctl(id, IPC_STAT, &ds) == 0 && ds.msg_qnum == 4 && ds.msg_cbytes == 18 && ds.msg_qbytes == 16384 &&
	   ds.msg_lspid == getpid() && ds.msg_stime > 1000000000, "IPC_STAT");
	ok(take(id, 100, 1, MSG_COPY | IPC_NOWAIT) == 3 && message.type == 2, "MSG_COPY of the second");
	ok(take(id, 100, 2, 0) == 3 && !memcmp(message.text, "two", 3), "the first of type 2");
	fails(take(id, 4, 3, 0), E2BIG, "too long for the room");
	ok(take(id, 4, 3, MSG_NOERROR) == 4 && !strcmp(message.text, "thre"), "MSG_NOERROR cuts it");
	ok(take(id, 100, 7, MSG_EXCEPT) == 5 && message.type == 2, "MSG_EXCEPT");
	put(id, 6, "six");
	ok(take(id, 100, -6, 0) == 3 && message.type == 6, "the lowest type up to 6");
	fails(take(id, 100, -6, IPC_NOWAIT), ENOMSG, "no other");
	ok(take(id, 100, 0, 0) == 5 && message.type == 7, "the first of any type");
	ds.msg_qbytes = 100;
	ok(msgctl(id, IPC_SET, &ds) == 0 && msgctl(id, IPC_STAT, &ds) == 0 && ds.msg_qbytes == 100, "IPC_SET");
	message.type = 1;
	fails(msgsnd(id, &message, 101, IPC_NOWAIT), EAGAIN, "the queue is smaller now");
	ds.msg_qbytes = 16384;
	msgctl(id, IPC_SET, &ds);
	highest = msgctl(id, MSG_INFO, (struct msqid_ds *)&info);
	ok(highest >= 0 && info.msgpool >= 1, "MSG_INFO");
	ok(msgctl(id, IPC_INFO, (struct msqid_ds *)&info) == highest && info.msgmax == 8192 && info.msgmnb == 16384, "IPC_INFO");
	for (int i = 0; i <= highest; i++)
		if (msgctl(i, MSG_STAT, &ds) == id)
			highest = -1;
	is(highest, -1, "MSG_STAT finds it");
	queue_refused(id, key);
	queue_waits(id);
	fails(msgctl(id, IPC_RMID, NULL), EINVAL, "it is gone");
}

/* What *_STAT counts by are places: those of others stay when one is removed. */
static void places(void)
{
	int ids[5], highest, left = 5;
	struct seminfo info;
	struct semid_ds ds;

	for (int i = 0; i < 5; i++)
		ids[i] = semget(IPC_PRIVATE, 1, 0600);
	highest = semctl_(0, 0, SEM_INFO, &info);
	for (int at = 0; at <= highest; at++) {
		int id = semctl_(at, 0, SEM_STAT, &ds);

		for (int i = 0; i < 5; i++)
			if (id == ids[i] && semctl(id, 0, IPC_RMID) == 0)
				left--;
	}
	is(left, 0, "all that are removed while they are counted");
}

void suite_sysv_sem(void)
{
	places();
	semaphores();
	queues();
}
