-- SPDX-License-Identifier: Apache-2.0
-- luacheck: read globals curate hashtag phrase url author platform kind lang dwell length where all_of any_of
-- Containers and their orchestration: what a beginner can use.

curate "kubernetes-basics" {
  title = { en = "Kubernetes basics", de = "Kubernetes-Grundlagen" },
  owner = "platform-academy",
  when = (hashtag { "kubernetes", "k8s" }
      | phrase { "kubernetes", "container orchestration", "Container-Orchestrierung" })
    & kind { "view", "post", "edit", "watch.progress", "watch.end" }
    & ~phrase { "we are hiring", "wir stellen ein" },
  tag = { topic = "cloud/kubernetes", level = "beginner" },
  skill = "skills:container-platforms",
  queue = "platform-academy",
  credit = { when = dwell "2m", verb = "experienced" },
  expire = "180d",
  test = {
    { "Great intro to #Kubernetes probes", kind = "post", lang = "en", match = true },
    { "Container-Orchestrierung, kurz erklärt", kind = "view", lang = "de-AT", match = true },
    { "Pods are the smallest unit", title = "Kubernetes basics", kind = "edit", match = true },
    { "#kubernetes - we are hiring!", kind = "post", lang = "en", match = false },
    { "kuberneteschange is another word", kind = "post", lang = "en", match = false },
    { "a talk about Kubernetes", kind = "message", lang = "en", match = false },
  },
}
