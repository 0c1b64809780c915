package cmd

const membersTopic = `A member is a person or a service, by its public recipient. What it can:

  admin         says who is in, and makes keys: signs the app note
  ENV.read      opens the values of an environment, in every commit and pin
  ENV.publish   signs pins of an environment, and opens nothing

Sealing needs none of them: who can clone can add or replace a secret.

  joining       pinseal member request              prints the line for an admin
                pinseal member add NAME …           an admin runs it and commits
  a machine     pinseal member add NAME --service --can production.read -o FILE
  CI            pinseal member add ci --service --can production.publish | …
  leaving       pinseal member rm NAME              replaces every key NAME had
                pinseal member report NAME          what to rotate at its source
  keys          pinseal rekey ENV, rekey --all      nobody gains or loses by it
  what waits    pinseal status, member list         and who can finish it
                pinseal member sync                 finishes what you can open

An admin who cannot read an environment cannot wrap its old keys nor seal its
values anew: that part is pending until a reader runs "member sync".

Secrets are versioned with commits, membership is not: the newest app note that
this machine has seen decides. A rollback of the code brings no member back, and
who joins today opens last year's release. Who left keeps what they could open
then: that is why removing somebody prints what to rotate.

Two admins who change the note on two branches get a git conflict, as they
should; "pinseal resolve" takes both changes and signs again.
`
