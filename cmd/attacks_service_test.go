package cmd_test

import "testing"

// A service's identity opens its own app, under a note that has it.
func TestServiceElsewhere(t *testing.T) {
	t.Parallel()
	tm := newTeam(t)
	ada := tm.ada
	before := ada.head()
	web := tm.service("web", "dev.read,production.read")
	for _, env := range []string{"dev", "production"} {
		web.ok("get", "KEY", "-e", env)
	}
	web.refused(2, "get", "KEY") // which environment?

	// Another app of the same user, with the same names and in the same place.
	blog, blogID := ada.newApp("blog")
	ada.pinseal(blog, devValue, "set", "KEY")
	ada.pinseal(blog, prodValue, "set", "KEY", "-e", "production")
	ada.commit(blog, "blog")
	ada.pinseal(blog, "", "publish", "production", "--first")
	ada.pinseal(blog, "", "bundle", "production", "-o", ada.path("blog.bundle"))
	elsewhere := &person{world: web.world, team: tm, name: "web", dir: blog}
	for _, args := range [][]string{{"get", "KEY"}, {"get", "KEY", "--at", "worktree"}, {"get", "KEY", "--at", "HEAD"}, {"export"}, {"run", "--", "echo", "started"}} {
		elsewhere.refused(5, append([]string{args[0], "-e", "production"}, args[1:]...)...)
		// That its user vouches for the app changes nothing.
		elsewhere.says(elsewhere.refused(5, append([]string{args[0], "-e", "production", "--app", blogID}, args[1:]...)...), "is for app "+tm.id+", not "+blogID)
	}
	web.refused(5, "get", "KEY", "--bundle", ada.path("blog.bundle"))
	// That somebody made it a member there changes nothing.
	ada.pinseal(blog, "", "member", "add", "web", web.recipientOf("web"), "--can", "production.read")
	for _, at := range []string{"worktree", "pin"} {
		elsewhere.says(elsewhere.refused(5, "get", "KEY", "-e", "production", "--at", at, "--app", blogID), "is for app "+tm.id)
	}

	// Under an older note, in the work tree or at a commit.
	web.git(web.dir, "checkout", "-q", before)
	for _, at := range []string{"worktree", "HEAD"} {
		web.says(web.refused(5, "get", "KEY", "-e", "production", "--at", at), "version 1 is older than version 2, under which this service was added")
	}
	web.git(web.dir, "checkout", "-q", "main")
	web.ok("get", "KEY", "-e", "production", "--at", before)
	web.says(web.refused(4, "member", "rm", "ada"), "ada")
}
