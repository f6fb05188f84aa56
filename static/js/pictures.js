// Shows the URL of a picture that does not load.

const showUrlInstead = (picture) => {
  const link = picture.closest("a.picture");
  if (!link) return;
  if (link.classList.contains("picture-large")) {
    // The item's page shows the URL below the picture already.
    link.remove();
  } else {
    link.textContent = link.title;
    link.className = "picture-url";
  }
};

export const watchPictures = () => {
  // `error` does not bubble, so it is handled in the capture phase.
  document.addEventListener(
    "error",
    (event) => {
      if (event.target instanceof HTMLImageElement) showUrlInstead(event.target);
    },
    true,
  );
  // Some pictures failed before this script ran.
  for (const picture of document.querySelectorAll("a.picture img")) {
    if (picture.complete && !picture.naturalWidth) showUrlInstead(picture);
  }
};
