/* upgrade.h - this process becomes the program that is installed now, and its workers those of
 * that program, while all goes on being served.
 *
 *	program before          a child                 program after
 *	CHECKING                rehearses, ends
 *	executes itself  ---------------------------->  PREPARING, SWITCHING (reload.h)
 *	goes on          <----------------------------  refused
 *
 * The process, its children, sockets, memory and who waits at the control socket stay; what the
 * program after has to know is left in memory (estate.h).  The child goes the same way as far
 * as nothing is changed by it, so whatever is wrong is mostly found there; up to the switch,
 * workers of the program before serve.  If those of the program after do not get ready, the
 * process becomes the program before again, of which it has kept a descriptor: its file may be
 * another by now.  Owned and run by the supervisor's thread. */
#ifndef SUPERVISOR_UPGRADE_H
#define SUPERVISOR_UPGRADE_H

#include "supervisor/estate.h"

/* Which program this is, for upgrades to come; of what was left, if something was. */
void upgrade_init(struct supervisor *sv);

void upgrade_free(struct supervisor *sv);

/* In a child that was forked for it: becomes the installed program, which looks at what there is
 * and says on report what is wrong.  Does not return. */
void upgrade_rehearse(const struct supervisor *sv, char *const argv[], int report)
	__attribute__((noreturn));

/* Becomes the installed program, or (sv->left) the one before again: in the next turn of the loop,
 * after what signals have said by now, unless the phase of the reload is another by then.  If it
 * cannot be, reload_stayed() follows. */
void upgrade_leave(struct supervisor *sv);

/* For who has not begun to listen: becomes the program before again, which tells why.  Returns a
 * negative errno if that cannot be. */
int upgrade_return(struct estate *e, char *const argv[], const char *why);

/* Signals come, and are taken. */
void upgrade_arrived(void);

#endif
