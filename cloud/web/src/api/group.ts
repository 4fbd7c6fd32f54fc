/** Questions about many lamps at once. */
import { chosenSite } from "../state/site";
import { answer, client } from "./client";
import type { GroupOrder, HandOver, Targets, Thought } from "./types";

const place = () => {
  const site = chosenSite();
  return site === null ? {} : { params: { query: { site } } };
};

export const readChosen = (targets: Targets) => answer(client.POST("/api/v1/commands/chosen", { ...place(), body: { targets } }));
export const readPreview = (body: Thought) => answer(client.POST("/api/v1/commands/preview", { body }));
export const giveGroup = (body: GroupOrder) => answer(client.POST("/api/v1/commands/group", { body }));
export const readGroup = (group_id: string) =>
  answer(client.GET("/api/v1/commands/groups/{group_id}", { params: { path: { group_id } } }));
export const decideConsent = (consent_id: string, agree: boolean) =>
  answer(client.POST("/api/v1/consents/{consent_id}", { params: { path: { consent_id } }, body: { agree } }));

export const readOverrides = () => answer(client.GET("/api/v1/overrides"));
export const readHeld = (made_by: string) =>
  answer(client.GET("/api/v1/overrides/{made_by}/lamps", { params: { path: { made_by } } }));
export const handOver = (body: HandOver) => answer(client.POST("/api/v1/overrides/handover", { body }));
