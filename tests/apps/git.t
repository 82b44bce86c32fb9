#!/bin/sh
# Debian's git, as installed: what of it needs no second process, each command on a repository that was brought along; what it
# says and the names of what it makes are those that it has here.
. tests/apps/lib.sh

# The same people and times on both sides, so that the same commits come of it; nothing that git leaves to another process.
who="GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@a GIT_COMMITTER_NAME=C GIT_COMMITTER_EMAIL=c@c GIT_CONFIG_NOSYSTEM=1 GIT_PAGER=cat
GIT_AUTHOR_DATE=1000000000+0000 GIT_COMMITTER_DATE=1000000000+0000 GIT_CONFIG_COUNT=6 GIT_CONFIG_KEY_0=maintenance.auto
GIT_CONFIG_VALUE_0=false GIT_CONFIG_KEY_1=init.defaultBranch GIT_CONFIG_VALUE_1=main GIT_CONFIG_KEY_2=safe.directory
GIT_CONFIG_VALUE_2=* GIT_CONFIG_KEY_3=fastimport.unpackLimit GIT_CONFIG_VALUE_3=1 GIT_CONFIG_KEY_4=core.commitGraph
GIT_CONFIG_VALUE_4=false GIT_CONFIG_KEY_5=core.multiPackIndex GIT_CONFIG_VALUE_5=false"
here() { (cd "$work/repo" && env $who HOME="$work" git "$@" 2>&1 < "${input:-/dev/null}"; echo "status $?"); }
mkdir "$work/repo"
(
	cd "$work/repo" && git -c init.defaultBranch=main init -q
	for i in 1 2 3 4 5; do
		for f in $(seq 20); do seq $((i * f)) > "file$f"; done
		git add . && env $who git commit -q -m "change $i" && git tag "v$i"
	done
	git repack -adq
	mkdir new && echo new > new/file && seq 7 99 > file3 && rm file9
) > "$work/made" 2>&1
cp -R "$work/repo" "$work/before"
image git $(printf ' -e %s' $who) -w /repo --copy "$work/before:/repo" --copy /usr/share/git-core:/usr/share/git-core /usr/bin/git

in_git() { # ARGUMENTS OF GIT…: on a repository as it was; here it is restored behind it
	same "git $1" "$(here "$@")" git "$@"
	rm -rf "$work/repo" && cp -R "$work/before" "$work/repo"
}
git_() {
	in_git log --stat --format='%H %an %s' v3
	in_git status --short
	in_git diff
	in_git add -v --all
	in_git commit -a -m "all that changed"
	in_git show --stat v4
	in_git grep -n 99 v5
	in_git blame -L 5,15 -s file7
	in_git fsck --no-progress --full
	in_git merge-tree v2 v3
	has "git init" "$(guest git init /tmp/fresh < /dev/null)" '^Initialized empty Git repository in /tmp/fresh/.git/'
	is "git archive" "$(guest git archive v4 < /dev/null | md5sum)" "$(cd "$work/repo" && git archive v4 | md5sum)"
	is "git pack-objects" "$(git -C "$work/repo" rev-list --objects --all | guest git pack-objects -q --stdout --threads=4 |
		git -C "$work/repo" index-pack --stdin --strict > "$work/packed" 2>&1; echo $?)" 0
	echo v5 | git -C "$work/before" pack-objects -q --revs --stdout > "$work/pack"
	input=$work/pack in_git index-pack --stdin --strict
	# Written and read in one process: a stream of commits, and what became of them.
	printf 'commit refs/heads/x\nmark :1\ncommitter C <c@c> 1000000000 +0000\ndata 3\none\nM 644 inline a\ndata 2\na\n\nget-mark :1\nls :1 a\n' > "$work/stream"
	input=$work/stream in_git fast-import --quiet
	input=
}
on_machines git_
done_testing
