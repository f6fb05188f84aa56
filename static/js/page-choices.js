// Choices of this browser in the menu: whether pictures of other sites are loaded.
import { find } from "./page.js";

const YEAR_S = 365 * 24 * 60 * 60;
const PICTURES_COOKIE = "lockstep_pictures";

// The server reads the cookie: its content security policy then allows no pictures from other sites.
const choosePictures = (isWanted) => {
  const path = document.body.dataset.basePath || "/";
  const age = isWanted ? 0 : YEAR_S;
  document.cookie = `${PICTURES_COOKIE}=off; path=${path}; max-age=${age}; samesite=lax`;
  location.reload();
};

export const watchPageChoices = () => {
  const choices = find("#page-choices");
  if (!choices) return;
  choices.hidden = false;
  const pictures = find("#pictures-choice");
  pictures.checked = !document.cookie.split("; ").includes(`${PICTURES_COOKIE}=off`);
  pictures.addEventListener("change", () => choosePictures(pictures.checked));
};
