/**
 * What can be said of pictures on the command line.
 *
 *   --scale none       0 to 255
 *           unit       0 to 1
 *           inception  -1 to 1
 *           vgg        0 to 255 less the mean of each channel
 *           imagenet   0 to 1 less the mean of each channel, by its deviation (torchvision's models)
 *   --fit   stretch    the sides change apart
 *           cover      what is too much is cut off on both sides
 *           contain    black on both sides
 *
 * none, inception and vgg are those of Triton's image_client.py.
 */
export const scales = ["none", "unit", "inception", "vgg", "imagenet"] as const;

export type Scale = (typeof scales)[number];

export const fits = ["stretch", "cover", "contain"] as const;

export type Fit = (typeof fits)[number];
